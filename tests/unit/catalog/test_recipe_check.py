"""The recipe check: all findings at once, on the right line, with the nearest valid name."""

import re
import string
from pathlib import Path

import pytest

from launcher import catalog
from launcher.catalog.export import recipe_schema_text
from launcher.catalog.linter import Finding
from launcher.catalog.positions import key_lines, line_of
from launcher.errors import PaadjeError
from launcher.i18n import LANGUAGES, translator
from launcher.resources import recipes_dir

GOOD = (recipes_dir() / "feedback-companion.toml").read_text(encoding="utf-8")


def check(text: str, folder: Path, name: str = "feedback-companion.toml") -> list[Finding]:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    findings = list(catalog.check_recipe(file))
    for finding in findings:
        assert_in_words(finding)
    return findings


def assert_in_words(finding: Finding) -> None:
    """Every finding has a sentence in both languages, and all that it needs to fill it."""
    for lang in LANGUAGES:
        t = translator(lang)
        key = f"catalog.finding.{finding.code}"
        assert t.has(key), key
        sentence = t(key, **finding.params)
        assert sentence.strip()
        named = {field for _, field, _, _ in string.Formatter().parse(t(key)) if field}
        assert named <= set(finding.params), (key, named)


def line_with(text: str, part: str) -> int:
    (line,) = [n for n, content in enumerate(text.splitlines(), 1) if part in content]
    return line


def test_the_shipped_recipes_have_no_findings() -> None:
    for file in recipes_dir().glob("*.toml"):
        assert catalog.check_recipe(file) == ()


CASES = [
    # replaced, by, code, key, nearest
    ('icon = "💬"', 'icno = "💬"', "unknown_key", "icno", "icon"),
    ('audience = "class"', 'audience = "klas"', "not_allowed", "audience", "class"),
    ("context_tokens = 4096", 'context_tokens = "4096 tokens"', "wrong_type", None, None),
    ("context_tokens = 4096", "context_tokens = 12", "too_small", "needs.context_tokens", None),
    ("context_tokens = 4096", "context_tokens = 999999", "too_big", "needs.context_tokens", None),
    ('health_path = "/health"', 'health_path = "health"', "bad_format", None, None),
    ('runtime = "builtin"', "", "missing_key", "services[0].runtime", None),
    ('runtime = "builtin"', 'runtime = "shell"', "not_allowed", "services[0].runtime", "builtin"),
    ('service = "app"', 'service = "ap"', "unknown_service", "expose.service", "app"),
    ('"{teacher_port}"', '"{teacherport}"', "unknown_placeholder", None, "teacher_port"),
    ('"{data_dir}"', '"{data_dir"', "stray_brace", "services[0].env.APP_DATA_DIR", None),
    ('"{data_dir}"', "1789", "wrong_type", "services[0].env.APP_DATA_DIR", None),
    ('companion"]\nhealth', 'companion", "{data_key}"]\nhealth', "secret_in_argv", None, None),
    ('["launcher.apps.feedback_companion"]', '["http.server"]', "not_builtin", None, None),
    ('["launcher.apps.feedback_companion"]', "[]", "too_short", "services[0].argv", None),
    ('id = "feedback-companion"', 'id = "feedback"', "name_differs", "id", None),
    ('model_role = "chat"', 'model_role = "speech"', "no_model_for_role", None, None),
    ('languages = ["nl", "en"]', 'languages = ["nl", "de"]', "not_allowed", None, "en"),
]


@pytest.mark.parametrize(("old", "new", "code", "key", "nearest"), CASES)
def test_each_mistake_is_found_where_it_is(
    old: str, new: str, code: str, key: str | None, nearest: str | None, tmp_path: Path
) -> None:
    assert GOOD.count(old) == 1, old
    broken = GOOD.replace(old, new)
    findings = [finding for finding in check(broken, tmp_path) if finding.code == code]
    assert len(findings) == 1
    (finding,) = findings
    assert key is None or finding.key == key
    assert nearest is None or finding.params.get("nearest") == nearest
    if new:
        assert finding.line == line_with(broken, new.splitlines()[0])


def test_all_findings_come_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    broken = (
        GOOD.replace('icon = "💬"', 'icno = "💬"')
        .replace('"{slots}"', '"{slot}"')
        .replace('access = "join"', 'access = "all"')
        .replace("memory_bytes = 268435456", "memory_byte = 268435456")
    )
    findings = check(broken, tmp_path)
    assert [finding.code for finding in findings] == [
        "missing_key",
        "unknown_key",
        "unknown_key",
        "unknown_placeholder",
        "not_allowed",
    ]
    assert [finding.line for finding in findings] == sorted(f.line for f in findings)
    nearest = {None, "icon", "memory_bytes", "slots", "teacher-only"}
    assert {f.params.get("nearest") for f in findings} == nearest


def test_a_newer_recipe_is_only_told_so(tmp_path: Path) -> None:
    newer = GOOD.replace("schema_version = 1", 'schema_version = 2\nfuture = "x"')
    newer = newer.replace('min_paadje = "0.1.0"', 'min_paadje = "99.0.0"')
    codes = [finding.code for finding in check(newer, tmp_path)]
    assert codes == ["schema_version", "newer_paadje"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("id = \n", 1), ('a = 1\nb = "x\nc = 2\n', 2), ("[needs]\nx = 1\n[needs]\n", 3), ("a = ", 1)],
)
def test_broken_toml_is_one_finding_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    (finding,) = check(text, tmp_path)
    assert finding.code == "syntax"
    assert finding.line == line


def test_an_empty_recipe_misses_everything_it_must_have(tmp_path: Path) -> None:
    findings = check("", tmp_path)
    assert {finding.code for finding in findings} == {"missing_key"}
    assert {"schema_version", "id", "services", "privacy"} <= {f.key for f in findings}


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "feedback-companion.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert catalog.check_recipe(file) == ()
    file.write_bytes(GOOD.replace('icon = "', 'icno = "').replace("\n", "\r\n").encode())
    lines = {finding.line for finding in catalog.check_recipe(file) if finding.key == "icno"}
    assert lines == {line_with(GOOD, 'icon = "')}


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_what_is_no_text_is_a_plain_error(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(PaadjeError, match=r"catalog\.recipe_unreadable"):
        catalog.check_recipe(file)


@pytest.mark.parametrize(
    "text",
    ["services = 5", 'services = ["x"]', "expose = 1", "[[services]]\nargv = 3\nenv = [1]", "id=1"],
)
def test_wrong_shapes_never_crash_the_check(text: str, tmp_path: Path) -> None:
    assert check(text, tmp_path)


def test_keys_are_found_on_their_lines() -> None:
    text = (
        "# [not.a.table]\n"
        "title.nl = 'x' # y = 2\n"
        'long = """\n'
        "[fake]\n"
        'fake = 1 """\n'
        "list = [\n"
        '  "a = 1", # ]\n'
        "  [2],\n"
        "]\n"
        "[[services]]\n"
        'id = "a"\n'
        '[services."env x"]\n'
        "A = 1\n"
        "[[services]]\n"
        'id = "b"\n'
        "env = { B = 1 }\n"
        "[last]\n"
    )
    lines = key_lines(text)
    assert lines[("title", "nl")] == 2
    assert lines[("long",)] == 3
    assert lines[("list",)] == 6
    assert lines[("services", 0, "id")] == 11
    assert lines[("services", 0, "env x", "A")] == 13
    assert lines[("services", 1, "id")] == 15
    assert lines[("last",)] == 17
    assert not any("fake" in path for path in lines)
    assert line_of(("services", 1, "env", "B"), lines) == 16
    assert line_of(("nowhere",), lines) == 1


def test_the_schema_for_editors_is_current() -> None:
    file = recipes_dir() / "recipe.schema.json"
    assert file.read_text(encoding="utf-8") == recipe_schema_text(), (
        "run packaging/make_catalog.py without arguments"
    )


def test_every_code_in_the_linter_has_a_sentence() -> None:
    source = Path(catalog.check_recipe.__code__.co_filename).read_text(encoding="utf-8")
    codes = set(re.findall(r'code = "(\w+)"', source)) | set(re.findall(r'lines, "(\w+)"', source))
    assert len(codes) > 10
    for code in codes:
        for lang in LANGUAGES:
            assert translator(lang).has(f"catalog.finding.{code}"), code
