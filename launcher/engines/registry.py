"""The engines by their id."""

from launcher.engines.protocol import Engine
from launcher.engines.xllamacpp import XllamacppEngine
from launcher.errors import UsageError

DEFAULT_ENGINE = "xllamacpp"

ENGINES: dict[str, Engine] = {DEFAULT_ENGINE: XllamacppEngine()}


def get_engine(engine_id: str) -> Engine:
    """The engine with this id; raises ``engines.unknown`` with the ids that are known."""
    try:
        return ENGINES[engine_id]
    except KeyError:
        raise UsageError(
            "engines.unknown", engine=engine_id, known=", ".join(sorted(ENGINES))
        ) from None
