"""What the gateway is told: one private file, written by the lesson, read at the start."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from launcher.errors import UsageError
from launcher.sharing.join import CODE_LENGTH, MOST_SEATS, TOKEN_CHARACTERS

LIVE = frozenset(
    ("bind", "hosts", "token", "code", "probe", "seats", "locked", "approve_each", "expires_at",
     "apps", "version")
)  # fmt: skip
"""Of the apps nothing but their own port."""

Port = Annotated[int, Field(ge=0, le=65535)]


class AppRoute(BaseModel):
    """One app of the lesson: shown as ``title``, served under ``/a/<id>/``.

    With ``own_port`` it is served at the root of that port instead: for apps of others, which do
    not know that they live below a path. ``bind`` and ``hosts`` must name that port as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    icon: str = ""
    title: dict[Literal["nl", "en"], str]
    upstream: str = Field(pattern=r"^http://(127\.0\.0\.1|\[::1\]):\d{1,5}$")
    key: str = Field(min_length=16)
    own_port: int | None = Field(None, ge=1, le=65535)

    def title_in(self, lang: str) -> str:
        return next((text for key, text in self.title.items() if key == lang), self.id)


class Certificate(BaseModel):
    """The school's own certificate: with it there is HTTPS and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path
    key_file: Path
    hostname: str = Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")


class GatewayConfig(BaseModel):
    """One shared lesson. ``hosts`` is every Host header that is answered, with its port.

    ``token``, ``code`` and ``probe`` are secrets. ``probe`` lets nobody in: it proves that a phone
    gets here. ``expires_at`` is in seconds since the epoch. ``health_port`` is for HTTP on loopback
    where everything else is HTTPS. With ``health_key`` only who knows it is told that we are well,
    so that a host cannot take the gateway of another lesson for its own. The lesson host may write
    another ``version`` of the file while we run; :data:`LIVE` is what may differ in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bind: list[tuple[str, Port]] = Field(min_length=1)
    hosts: list[str] = Field(min_length=1)
    token: str = Field(min_length=TOKEN_CHARACTERS)
    code: str = Field(min_length=CODE_LENGTH, max_length=CODE_LENGTH)
    probe: str | None = Field(None, min_length=TOKEN_CHARACTERS)
    seats: int = Field(40, ge=1, le=MOST_SEATS)
    locked: bool = False
    approve_each: bool = False
    expires_at: float
    lang: Literal["nl", "en"] = "nl"
    apps: list[AppRoute] = Field(min_length=1)
    certificate: Certificate | None = None
    health_port: Port | None = None
    health_key: str = ""
    cookie_tag: str = Field("", pattern=r"^[A-Za-z0-9-]{0,40}$")
    version: int = 0
    status_file: Path
    log_file: Path | None = None

    @property
    def sessions_file(self) -> Path:
        """Beside the status: who has joined, so that a restart drops nobody."""
        return self.status_file.with_name("sessions.json")

    @property
    def cookie(self) -> str:
        """Browsers share cookies between the ports of a host: two lessons may not collide."""
        name = f"paadje_{self.cookie_tag or self.hosts[0].rpartition(':')[2]}"
        return f"__Host-{name}" if self.certificate else name

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"


def read_config(file: Path) -> GatewayConfig:
    """Read the file. Raises `UsageError` ``gateway.config_invalid`` without quoting its values."""
    try:
        return GatewayConfig.model_validate_json(file.read_bytes())
    except OSError as error:
        raise UsageError("gateway.config_invalid", detail=type(error).__name__) from error
    except ValidationError as error:
        where = [".".join(str(part) for part in item["loc"]) for item in error.errors()]
        raise UsageError("gateway.config_invalid", detail=", ".join(where)) from None
