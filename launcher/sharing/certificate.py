"""The school's own certificate: whether students' browsers will accept it, before anyone tries.

What a browser does is done here too: a handshake in memory, with the certificate itself as what is
trusted. So the key, the dates and the name are judged by the TLS library, not by us.
"""

import ssl
import time
from pathlib import Path

from launcher.errors import UsageError

_EXPIRED, _NOT_YET, _OTHER_NAME = 10, 9, 62
"""X509_V_ERR_CERT_HAS_EXPIRED, …_NOT_YET_VALID, …_HOSTNAME_MISMATCH of OpenSSL."""


def check_certificate(
    certificate: Path, key: Path, hostname: str, *, until: float | None = None
) -> None:
    """Judge the certificate for ``hostname``, from now to ``until`` (seconds since the epoch).

    Who signed it is not judged: a school may have a signer of its own, which its devices do know.
    Raises `UsageError` ``sharing.certificate_<unreadable, key, expired, early, name, self_signed,
    ends_too_soon>``.
    """
    server = server_context(certificate, key)
    trusting = _trusting_only(certificate)
    try:
        found = _shake_hands(server, trusting, hostname)
    except ssl.SSLCertVerificationError as error:
        names = {_EXPIRED: "expired", _NOT_YET: "early", _OTHER_NAME: "name"}
        name = names.get(error.verify_code, "unreadable")
        raise UsageError(
            f"sharing.certificate_{name}", hostname=hostname, detail=error.verify_message
        ) from error
    except ssl.SSLError as error:
        raise UsageError("sharing.certificate_unreadable", detail=str(error)) from error
    if found.get("issuer") == found.get("subject"):
        raise UsageError("sharing.certificate_self_signed")
    expires_at = float(ssl.cert_time_to_seconds(str(found["notAfter"])))
    if until is not None and expires_at < until:
        ends = time.strftime("%Y-%m-%d %H:%M", time.localtime(expires_at))
        raise UsageError("sharing.certificate_ends_too_soon", moment=ends)


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 with forward secrecy only. Raises ``sharing.certificate_unreadable``, or
    ``sharing.certificate_key`` when the key is another one or has a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    if not key.is_file():
        raise UsageError("sharing.certificate_unreadable", detail=key.name)
    _trusting_only(certificate)
    try:
        # Without this answer, OpenSSL would ask for a password on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise UsageError("sharing.certificate_key", detail=str(error)) from error
    return context


def _trusting_only(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(certificate)
    except (ssl.SSLError, OSError) as error:
        raise UsageError("sharing.certificate_unreadable", detail=str(error)) from error
    return context


def _shake_hands(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, hostname: str
) -> dict[str, object]:
    """What the client finds in the server's certificate; raises `ssl.SSLError`."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname=hostname)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in (client, server):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue
    return dict(client.getpeercert() or {})
