"""What the gateway is told: one private file, written by the lesson, read at the start."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from launcher.errors import UsageError
from launcher.sharing.join import CODE_LENGTH, TOKEN_CHARACTERS

Port = Annotated[int, Field(ge=0, le=65535)]


class AppRoute(BaseModel):
    """One app of the lesson: shown as ``title``, served under ``/a/<id>/``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    icon: str = ""
    title: dict[Literal["nl", "en"], str]
    upstream: str = Field(pattern=r"^http://(127\.0\.0\.1|\[::1\]):\d{1,5}$")
    key: str = Field(min_length=16)

    def title_in(self, lang: str) -> str:
        return next((text for key, text in self.title.items() if key == lang), self.id)


class GatewayConfig(BaseModel):
    """One shared lesson. ``hosts`` is every Host header that is answered, with its port.

    ``token`` and ``code`` are secrets. ``expires_at`` is in seconds since the epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bind: list[tuple[str, Port]] = Field(min_length=1)
    hosts: list[str] = Field(min_length=1)
    token: str = Field(min_length=TOKEN_CHARACTERS)
    code: str = Field(min_length=CODE_LENGTH, max_length=CODE_LENGTH)
    seats: int = Field(40, ge=1, le=1000)
    expires_at: float
    lang: Literal["nl", "en"] = "nl"
    apps: list[AppRoute] = Field(min_length=1)
    status_file: Path
    log_file: Path | None = None

    @property
    def sessions_file(self) -> Path:
        """Beside the status: who has joined, so that a restart drops nobody."""
        return self.status_file.with_name("sessions.json")

    @property
    def cookie(self) -> str:
        """Browsers share cookies between the ports of a host: two lessons may not collide."""
        return f"paadje_{self.hosts[0].rpartition(':')[2]}"


def read_config(file: Path) -> GatewayConfig:
    """Read the file. Raises `UsageError` ``gateway.config_invalid`` without quoting its values."""
    try:
        return GatewayConfig.model_validate_json(file.read_bytes())
    except OSError as error:
        raise UsageError("gateway.config_invalid", detail=type(error).__name__) from error
    except ValidationError as error:
        where = [".".join(str(part) for part in item["loc"]) for item in error.errors()]
        raise UsageError("gateway.config_invalid", detail=", ".join(where)) from None
