"""The Hugging Face Hub, or a mirror that speaks its addresses.

The Hub's own client gives addresses, metadata and the user's token. The bytes come over our own
transfer: the client removes a partial file when it fails.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from launcher.catalog.schema import HuggingFaceSource
from launcher.downloads.failures import connection_error, host_of
from launcher.downloads.http import Request, new_session, use_system_certificates
from launcher.errors import PaadjeError
from launcher.models.sources import Order

METADATA_TIMEOUT_S = 10.0
DEFAULT_REVISION = "main"
STANDARD_ENDPOINT = "https://huggingface.co"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def fetch_from_hub(source: HuggingFaceSource, order: Order, *, endpoint: str) -> None:
    """Fetch the file. Without a pinned commit the present one is asked for; sha256 decides."""
    hub = _Hub(source, endpoint, order.environ)
    try:
        order.fetch(hub.resolve)
    except PaadjeError as error:
        if error.code == "models.gated":
            error.params["page"] = hub.page
        raise


class _Hub:
    """One file on the Hub; remembers the commit, so that every attempt asks for the same bytes."""

    def __init__(
        self, source: HuggingFaceSource, endpoint: str, environ: Mapping[str, str]
    ) -> None:
        self._source = source
        self._endpoint = endpoint.rstrip("/")
        self._environ = environ
        self._revision = source.revision
        self.page = f"{self._endpoint}/{source.repo}"

    def resolve(self) -> Request:
        """Called in the thread that reads, so that a slow Hub does not delay a request to stop."""
        use_system_certificates()
        if self._revision is None:
            self._revision = self._current_commit()
        headers = request_headers(self._endpoint, self._environ)
        return Request(url=file_url(self._source, self._endpoint, self._revision), headers=headers)

    def _current_commit(self) -> str | None:
        """The commit that the Hub has now; None leaves it to the transfer, and to its errors."""
        from huggingface_hub import get_hf_file_metadata
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

        host = host_of(self._endpoint)
        try:
            metadata = get_hf_file_metadata(
                file_url(self._source, self._endpoint, None),
                token=token_for(self._endpoint, self._environ) or False,
                timeout=METADATA_TIMEOUT_S,
                endpoint=self._endpoint,
            )
        except GatedRepoError as error:
            raise PaadjeError("models.gated", host=host, page=self.page) from error
        except (_transport_error(), HfHubHTTPError, OSError, ValueError):
            return None
        return metadata.commit_hash


def _transport_error() -> type[Exception]:
    """What the Hub's client raises without an answer; the library below it has changed once."""
    from huggingface_hub.errors import HfHubHTTPError

    return next(base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError")


def endpoint_of(setting: str, environ: Mapping[str, str]) -> str:
    """Paadje's own setting when it was changed, else that of the Hub's own tools."""
    if setting.rstrip("/") == STANDARD_ENDPOINT and environ.get("HF_ENDPOINT"):
        return environ["HF_ENDPOINT"]
    return setting


def is_offline(environ: Mapping[str, str]) -> bool:
    """Whether the Hub's own tools were told to stay away from the Hub."""
    return environ.get("HF_HUB_OFFLINE", "").strip().upper() in ("1", "ON", "YES", "TRUE")


def file_url(source: HuggingFaceSource, endpoint: str, revision: str | None) -> str:
    """The address of the file itself, which usually redirects to a signed one."""
    from huggingface_hub import hf_hub_url

    return hf_hub_url(
        source.repo, source.file, revision=revision or DEFAULT_REVISION, endpoint=endpoint
    )


def request_headers(endpoint: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The user's token, when there is one and it would not travel unprotected."""
    token = token_for(endpoint, environ)
    return {"Authorization": f"Bearer {token}"} if token else {}


def token_for(endpoint: str, environ: Mapping[str, str]) -> str | None:
    """The token of the environment or of the Hub's own login; None over plain HTTP."""
    from huggingface_hub import get_token

    parts = urlsplit(endpoint)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        return None
    return environ.get("HF_TOKEN") or get_token()


def gives_file(
    source: HuggingFaceSource,
    *,
    endpoint: str,
    size_bytes: int,
    environ: Mapping[str, str],
    timeout_s: float,
) -> bool:
    """Whether the Hub would give this file now. Raises Retry or PaadjeError without a Hub."""
    import requests

    url = file_url(source, endpoint.rstrip("/"), source.revision)
    headers = request_headers(endpoint, environ)
    with new_session(url) as session:
        try:
            answer = session.head(url, headers=headers, timeout=timeout_s, allow_redirects=False)
        except requests.RequestException as error:
            raise connection_error(error, host_of(endpoint)) from error
    if answer.is_redirect:
        # The login page of a network redirects as well, but does not know about repositories.
        hub = "X-Repo-Commit" in answer.headers or "X-Linked-Size" in answer.headers
        return hub or not urlsplit(answer.headers.get("Location", "")).netloc
    return answer.status_code == 200 and answer.headers.get("Content-Length") == str(size_bytes)
