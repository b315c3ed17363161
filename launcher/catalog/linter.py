"""Check a recipe and report everything that is wrong with it at once, with lines.

The version is checked first: a recipe of a newer Paadje is told so, and not measured by this
version's rules. Every finding has a code; its sentence is ``catalog.finding.<code>``.
"""

import re
import tomllib
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from launcher import __version__
from launcher.catalog.nearest import nearest_of
from launcher.catalog.positions import key_lines, line_of
from launcher.catalog.schema import PLACEHOLDERS, Catalog, Recipe
from launcher.errors import PaadjeError
from launcher.resources import catalog_file, recipes_dir

SECRET_PLACEHOLDERS = frozenset({"teacher_token", "gateway_key", "engine_key", "data_key"})
"""These may stand in ``env`` only: other users of a computer can read a program's arguments."""

BUILTIN_APP = re.compile(r"launcher\.apps\.[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SYNTAX_LINE = re.compile(r"\(at line (\d+), column \d+\)")

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong; ``params`` has the nearest valid name when there is one."""

    line: int
    key: str
    """Dotted, list items as ``[0]``; empty for the file as a whole."""
    code: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)

    def __str__(self) -> str:
        values = "".join(f" {name}={value}" for name, value in self.params.items() if name != "key")
        return f"{self.line}: {self.key or '-'}: {self.code}{values}"


def read_recipe(file: Path) -> Recipe:
    """The recipe in ``file``, which `check_recipe` found nothing wrong with."""
    return Recipe.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def check_recipe(path: Path) -> tuple[Finding, ...]:
    """Everything wrong with the recipe in ``path``, in the order of its lines; empty is good.

    Raises `PaadjeError` ``catalog.recipe_unreadable`` when there is no text to check.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PaadjeError("catalog.recipe_unreadable", file=path.name, detail=str(error)) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        return (Finding(line=line, key="", code="syntax", params={"problem": str(error)}),)
    lines = key_lines(text)
    findings = list(_check_version(data, lines))
    if not findings:
        findings += _check_shape(data, lines)
        findings += _check_services(data, lines)
        findings += _check_place(data, lines, path)
    return tuple(sorted(findings, key=lambda finding: finding.line))


def _check_version(data: dict[str, Any], lines: dict[KeyPath, int]) -> Iterator[Finding]:
    schema = data.get("schema_version")
    if type(schema) is int and schema != 1:
        params: dict[str, str | int | float] = {"found": schema, "known": 1}
        yield _finding(("schema_version",), lines, "schema_version", params)
    needed = _version(data.get("min_paadje"))
    if needed and needed > (_version(__version__) or ()):
        params = {"needed": data["min_paadje"], "this": __version__}
        yield _finding(("min_paadje",), lines, "newer_paadje", params)


def _version(text: object) -> tuple[int, ...] | None:
    if isinstance(text, str) and re.fullmatch(r"\d+\.\d+\.\d+", text):
        return tuple(int(part) for part in text.split("."))
    return None


# --- the shape ----------------------------------------------------------------------------------


def _check_shape(data: dict[str, Any], lines: dict[KeyPath, int]) -> Iterator[Finding]:
    try:
        Recipe.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        for problem in problems:
            path = problem["loc"]
            # A list whose items are all wrong is also called too short.
            inside = any(other["loc"][: len(path)] == path != other["loc"] for other in problems)
            if not inside:
                yield _from_problem(problem, lines)


def _from_problem(problem: ErrorDetails, lines: dict[KeyPath, int]) -> Finding:
    path = problem["loc"]
    kind = problem["type"]
    context = problem.get("ctx", {})
    params: dict[str, str | int | float] = {}
    nearest = None
    if kind == "extra_forbidden":
        code = "unknown_key"
        nearest = nearest_of(str(path[-1]), _fields_at(path[:-1]))
    elif kind == "missing":
        code = "missing_key"
    elif kind == "literal_error":
        code = "not_allowed"
        allowed = [choice.strip("' ") for choice in re.split(r",| or ", context["expected"])]
        params = {"found": str(problem["input"])[:80], "allowed": ", ".join(allowed)}
        nearest = nearest_of(str(problem["input"]), allowed)
    elif kind == "string_pattern_mismatch":
        code = "bad_format"
        params = {"found": str(problem["input"])[:80], "pattern": str(context["pattern"])}
    elif kind in _LIMITS:
        code = _LIMITS[kind]
        params = {"limit": next(value for name, value in context.items() if name in _LIMIT_NAMES)}
    else:
        code = "wrong_type"
        params = {"expected": _EXPECTED.get(kind, kind), "found": type(problem["input"]).__name__}
    return _finding(path, lines, code, params, nearest)


_LIMIT_NAMES = ("ge", "gt", "le", "lt", "min_length", "max_length")
_LIMITS = {
    "greater_than_equal": "too_small",
    "greater_than": "too_small",
    "less_than_equal": "too_big",
    "less_than": "too_big",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_too_long": "too_long",
    "too_long": "too_long",
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "number",
    "int_parsing": "number",
    "int_from_float": "number",
    "bool_type": "true/false",
    "tuple_type": "[...]",
    "dict_type": "table",
    "model_type": "table",
    "model_attributes_type": "table",
}


def _fields_at(path: KeyPath) -> list[str]:
    """The valid keys of the table that ``path`` points to."""
    annotation: Any = Recipe
    for step in path:
        if isinstance(step, int):
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[step].annotation
        else:
            return []
        if get_origin(annotation) in (Union, types.UnionType):
            annotation = next(arg for arg in get_args(annotation) if arg is not types.NoneType)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return list(annotation.model_fields)
    return []


def _dotted(path: KeyPath) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


# --- what the shape cannot say ------------------------------------------------------------------


def _check_services(data: dict[str, Any], lines: dict[KeyPath, int]) -> Iterator[Finding]:
    services = data.get("services")
    if not isinstance(services, list):
        return
    ids: list[str] = []
    for index, service in enumerate(services):
        if not isinstance(service, dict):
            continue
        at: KeyPath = ("services", index)
        id_ = service.get("id")
        if isinstance(id_, str):
            if id_ in ids:
                yield _finding((*at, "id"), lines, "service_twice", {"id": id_})
            ids.append(id_)
        argv = service.get("argv")
        if isinstance(argv, list):
            if service.get("runtime") == "builtin" and argv:
                module = argv[0]
                if isinstance(module, str) and not BUILTIN_APP.fullmatch(module):
                    yield _finding((*at, "argv"), lines, "not_builtin", {"found": module})
            for text in argv:
                if isinstance(text, str):
                    yield from _check_text(text, (*at, "argv"), lines, secrets=False)
        env = service.get("env")
        if isinstance(env, dict):
            for name, text in env.items():
                if isinstance(text, str):
                    yield from _check_text(text, (*at, "env", name), lines, secrets=True)
    exposed = data.get("expose", {}).get("service") if isinstance(data.get("expose"), dict) else ""
    if isinstance(exposed, str) and exposed and ids and exposed not in ids:
        nearest = nearest_of(exposed, ids)
        yield _finding(("expose", "service"), lines, "unknown_service", {"found": exposed}, nearest)


def _check_text(
    text: str, path: KeyPath, lines: dict[KeyPath, int], *, secrets: bool
) -> Iterator[Finding]:
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            nearest = nearest_of(name, PLACEHOLDERS)
            yield _finding(path, lines, "unknown_placeholder", {"found": name}, nearest)
        elif name in SECRET_PLACEHOLDERS and not secrets:
            yield _finding(path, lines, "secret_in_argv", {"found": name})
    rest = _PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        yield _finding(path, lines, "stray_brace", {"found": text[:80]})


def _check_place(data: dict[str, Any], lines: dict[KeyPath, int], path: Path) -> Iterator[Finding]:
    """The recipe against its file name and against the catalog."""
    id_ = data.get("id")
    if isinstance(id_, str) and path.stem != id_:
        yield _finding(("id",), lines, "name_differs", {"file": path.name, "id": id_})
    try:
        catalog = Catalog.model_validate_json(catalog_file().read_bytes())
    except (OSError, ValidationError):
        return  # Reported where the catalog itself is loaded.
    own = path.parent.resolve() == recipes_dir().resolve()
    if own and isinstance(id_, str) and id_ not in catalog.apps:
        nearest = nearest_of(id_, catalog.apps)
        yield _finding(("id",), lines, "not_in_catalog", {"id": id_}, nearest)
    needs = data.get("needs")
    if not isinstance(needs, dict):
        return
    role, context = needs.get("model_role", "chat"), needs.get("context_tokens")
    offered = [m for m in catalog.models if m.status == "offer" and m.role == role]
    if not offered and isinstance(role, str):
        yield _finding(("needs", "model_role"), lines, "no_model_for_role", {"role": role})
    longest = max((m.shape.context_tokens or 0 for m in offered), default=0)
    if type(context) is int and longest and context > longest:
        params = {"needed": context, "longest": longest}
        yield _finding(("needs", "context_tokens"), lines, "no_model_for_context", params)


def _finding(
    path: KeyPath,
    lines: dict[KeyPath, int],
    code: str,
    params: Mapping[str, str | int | float],
    nearest: str | None = None,
) -> Finding:
    """``params`` fill the sentence; the nearest name is one of them."""
    hint = {"nearest": nearest} if nearest else {}
    key = _dotted(path)
    return Finding(
        line=line_of(path, lines),
        key=key,
        code=code,
        params={"key": key, **params, **hint},
    )
