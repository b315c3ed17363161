"""What a plan has to know of its surroundings: this computer, or one that is only described."""

from collections.abc import Callable

from launcher.catalog.schema import Catalog, CatalogModel, ModelFile, ModelShape
from launcher.engines.dry_run import dry_run
from launcher.engines.protocol import Engine
from launcher.errors import PaadjeError
from launcher.events import Cancel
from launcher.files import read_json_object, write_private_json
from launcher.fit.fitting import KnownSpeeds
from launcher.fit.memory import engine_process_bytes
from launcher.fit.types import Fit, MemoryNeed
from launcher.hardware.profile import MachineProfile
from launcher.lesson import calibration
from launcher.lesson.machine import this_machine
from launcher.lesson.types import Context
from launcher.models.gguf import read_header
from launcher.models.library import Library
from launcher.models.remote_header import header_of_model

ENGINE_PROGRAM = "launcher.engines."
DRY_RUN_WITHIN_S = 10.0
"""A third of a second is usual; a plan does not wait long for a better figure."""
_DRY_RUN_VERSION = 2
_PARTS = ("weights_bytes", "kv_cache_bytes", "compute_bytes")


class Elsewhere:
    """Another computer: nothing is there yet, and everything can be brought."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def machine(self, engine: Engine) -> MachineProfile:
        raise NotImplementedError("the machine is described by the caller")

    def in_use_bytes(self) -> int:
        return 0

    def missing_bytes(self, model: CatalogModel) -> int:
        return model.file.size_bytes if model.file else 0

    def taken_from(self, model: CatalogModel) -> str | None:
        """The other program that has this model already."""
        return None

    def known_speeds(
        self, machine: MachineProfile, engine: Engine
    ) -> Callable[[CatalogModel], KnownSpeeds]:
        return lambda model: (None, None)

    def obtainable(self, from_place: str | None) -> Callable[[CatalogModel], bool]:
        return lambda model: model.file is not None

    def with_headers(self, models: Catalog) -> Catalog:
        """Models with the shapes that their headers gave earlier."""
        return _with_shapes(models, self._known_shape)

    def engine_memory(self, model: CatalogModel, fit: Fit, kv_type: str) -> MemoryNeed | None:
        """What the engine itself says that it would take; None where it cannot be asked."""
        return None

    def with_remote_header(self, models: Catalog, model_id: str) -> Catalog:
        """With the shape of one model from the header of its file on the Hub; the same catalog
        when that cannot be had: the catalog's own figures do too."""
        file = models.model(model_id).file
        if file is None or self._context.settings.offline or self._known_shape(file) is not None:
            return models
        try:
            found = header_of_model(
                file,
                hf_endpoint=self._context.settings.hf_endpoint,
                environ=self._context.environ,
                cancel=Cancel(),
            )
        except PaadjeError:
            return models
        self._keep(file, found.shape)
        return self.with_headers(models)

    def _known_shape(self, file: ModelFile) -> ModelShape | None:
        data = read_json_object(self._context.paths.cache / "headers" / f"{file.sha256}.json")
        try:
            return None if data is None else ModelShape.model_validate(data)
        except ValueError:
            return None

    def _keep(self, file: ModelFile, shape: ModelShape) -> None:
        path = self._context.paths.cache / "headers" / f"{file.sha256}.json"
        try:
            write_private_json(path, shape.model_dump(exclude_none=True))
        except OSError:
            return  # It is only a shortcut.


class Here(Elsewhere):
    """This computer, with its models, its running lessons and what was measured on it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._library = Library(context.models_dir)

    def machine(self, engine: Engine) -> MachineProfile:
        return calibration.with_best_seen(self._context, this_machine(self._context, engine))

    def in_use_bytes(self) -> int:
        """Main memory that the engines of running lessons hold."""
        import psutil

        from launcher.lesson.running import live_lessons

        if not live_lessons(self._context):
            return 0
        held = 0
        for process in psutil.process_iter(["cmdline", "memory_info"]):
            command = process.info["cmdline"] or ()
            if any(str(part).startswith(ENGINE_PROGRAM) for part in command):
                memory = process.info["memory_info"]
                held += memory.rss if memory else 0
        return held

    def missing_bytes(self, model: CatalogModel) -> int:
        return self._library.missing_bytes(model.file) if model.file else 0

    def taken_from(self, model: CatalogModel) -> str | None:
        from launcher.models.elsewhere import find_elsewhere

        found = find_elsewhere(model.file, self._context.environ) if model.file else None
        return found.program if found else None

    def engine_memory(self, model: CatalogModel, fit: Fit, kv_type: str) -> MemoryNeed | None:
        """From a dry run of the engine on the file that is here, remembered by its settings.

        All on the processor, or all on a card; a part on each is not asked, because the engine may
        divide the layers in another way than the plan.
        """
        path = self._library.find(model.file) if model.file else None
        if path is None or model.file is None or fit.gpu_layers > 0 or fit.verdict == "no":
            return None
        on_gpu = fit.gpu_layers == -1
        settings = (fit.context_tokens, fit.slots, kv_type, "gpu" if on_gpu else "cpu")
        name = "-".join(str(each) for each in (model.file.sha256, *settings, _DRY_RUN_VERSION))
        memory = self._context.paths.cache / "layouts" / f"{name}.json"
        told = read_json_object(memory) or {}
        try:
            return MemoryNeed(**{key: int(told[key]) for key in _PARTS}, basis="measured")
        except (KeyError, TypeError, ValueError):
            pass
        try:
            found = dry_run(
                path,
                context_tokens=fit.context_tokens,
                slots=fit.slots,
                kv_type=kv_type,
                gpu_layers=fit.gpu_layers,
                timeout_s=DRY_RUN_WITHIN_S,
            )
        except PaadjeError:
            return None
        weights, kv_cache, compute = found.on_gpu
        if not on_gpu:
            weights, kv_cache = found.weights_bytes, found.kv_cache_bytes
            compute = found.compute_bytes + engine_process_bytes(model.shape)
        elif not weights:
            return None  # This build cannot use the card after all.
        need = MemoryNeed(
            weights_bytes=weights,
            kv_cache_bytes=kv_cache,
            compute_bytes=compute,
            basis="measured",
        )
        try:
            write_private_json(memory, {key: getattr(need, key) for key in _PARTS})
        except OSError:
            pass  # It is only a shortcut.
        return need

    def known_speeds(
        self, machine: MachineProfile, engine: Engine
    ) -> Callable[[CatalogModel], KnownSpeeds]:
        store = calibration.load(self._context)
        if not store.calibrations:
            return lambda model: (None, None)
        return lambda model: calibration.known_speeds(store, machine, engine, model)

    def obtainable(self, from_place: str | None) -> Callable[[CatalogModel], bool]:
        from launcher.models.fetch import reachable

        def check(model: CatalogModel) -> bool:
            if model.file is None:
                return False
            return self._library.find(model.file) is not None or reachable(
                model,
                hf_endpoint=self._context.settings.hf_endpoint,
                offline=self._context.settings.offline,
                environ=self._context.environ,
                from_place=from_place,
            )

        return check

    def _known_shape(self, file: ModelFile) -> ModelShape | None:
        """From a header that was read before, or of a file that is here."""
        known = super()._known_shape(file)
        path = self._library.find(file) if known is None else None
        if path is None:
            return known
        try:
            shape = read_header(path).shape
        except PaadjeError:
            return None
        self._keep(file, shape)
        return shape


def _with_shapes(
    models: Catalog, shape_of_file: Callable[[ModelFile], ModelShape | None]
) -> Catalog:
    """Where a header is silent, the catalog's figures stay."""
    found = []
    for model in models.models:
        shape = shape_of_file(model.file) if model.file else None
        if shape is not None:
            told = shape.model_dump(exclude_none=True)
            merged = model.shape.model_copy(update=told)
            found.append(model.model_copy(update={"shape": merged}))
        else:
            found.append(model)
    return models.model_copy(update={"models": tuple(found)})
