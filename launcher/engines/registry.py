"""The engines by their id."""

from launcher.engines.llama_cpp_python import LlamaCppPythonEngine
from launcher.engines.openai_endpoint import OpenAiEndpointEngine
from launcher.engines.protocol import Engine
from launcher.engines.xllamacpp import XllamacppEngine
from launcher.errors import UsageError

DEFAULT_ENGINE = "xllamacpp"

ENGINES: dict[str, Engine] = {
    engine.id: engine
    for engine in (XllamacppEngine(), LlamaCppPythonEngine(), OpenAiEndpointEngine())
}


def get_engine(engine_id: str) -> Engine:
    """The engine with this id; raises ``engines.unknown`` with the ids that are known."""
    try:
        return ENGINES[engine_id]
    except KeyError:
        raise UsageError(
            "engines.unknown", engine=engine_id, known=", ".join(sorted(ENGINES))
        ) from None
