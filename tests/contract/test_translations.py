"""Dutch and English say the same things, and every key that the code asks for exists."""

import ast
import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from launcher.i18n import LANGUAGES
from launcher.i18n.translator import LOCALES

ROOT = LOCALES.parent.parent.parent
DOMAINS = sorted(file.stem for file in (LOCALES / "nl" / "LC_MESSAGES").glob("*.po"))
KEY = re.compile(r"^[a-z]+(\.[a-z0-9_-]+)+$")


def read(lang: str, domain: str) -> Catalog:
    with (LOCALES / lang / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def messages(lang: str, domain: str) -> dict[str, Message]:
    found = {}
    for message in read(lang, domain):
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        if key:
            found[key] = message
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def texts(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


@pytest.mark.parametrize("domain", DOMAINS)
def test_both_languages_are_complete_and_equal(domain: str) -> None:
    dutch, english = messages("nl", domain), messages("en", domain)
    assert dutch.keys() == english.keys()
    for key in dutch:
        assert KEY.match(key), key
        assert key.startswith(f"{domain}."), key
        assert all(texts(dutch[key])), f"nl {key}"
        assert all(texts(english[key])), f"en {key}"
        wanted = placeholders("".join(texts(dutch[key])))
        assert wanted == placeholders("".join(texts(english[key]))), key
        assert isinstance(dutch[key].id, tuple) == isinstance(english[key].id, tuple), key


def test_the_languages_have_the_same_files() -> None:
    for lang in LANGUAGES:
        files = sorted(file.stem for file in (LOCALES / lang / "LC_MESSAGES").glob("*.po"))
        assert files == DOMAINS


def test_no_key_stands_twice() -> None:
    for lang in LANGUAGES:
        for domain in DOMAINS:
            text = (LOCALES / lang / "LC_MESSAGES" / f"{domain}.po").read_text(encoding="utf-8")
            keys = re.findall(r'^msgid "(.+)"$', text, flags=re.MULTILINE)
            assert len(keys) == len(set(keys)), f"{lang} {domain}"


def strings_in_code() -> tuple[set[str], set[str]]:
    """All string constants of the program, and the beginnings of its f-strings."""
    whole, beginnings = set(), set()
    for file in [*(ROOT / "launcher").rglob("*.py"), *(ROOT / "launcher").rglob("*.html")]:
        if file.suffix == ".html":
            page = file.read_text(encoding="utf-8")
            whole.update(re.findall(r"""["']([a-z]+(?:\.[a-z0-9_-]+)+)["']""", page))
            beginnings.update(re.findall(r"""["']([a-z]+\.[a-z0-9_.-]*\.)["'] *~""", page))
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and node.values:
                first = node.values[0]
                if isinstance(first, ast.Constant) and "." in str(first.value):
                    beginnings.add(str(first.value))
    return whole, beginnings


def asked_for() -> set[str]:
    """The keys that stand in full in a call of a translator, and the codes of raised errors."""
    keys = set()
    for file in (ROOT / "launcher").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            first = node.args[0]
            if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                continue
            name = ast.unparse(node.func).rsplit(".", 1)[-1]
            code = first.value
            if not KEY.match(code):
                continue
            domain, _, rest = code.partition(".")
            if name in ("PaadjeError", "UsageError"):
                keys.update((f"{domain}.error.{rest}.message", f"{domain}.error.{rest}.advice"))
            elif name in ("t", "plural", "translate"):
                keys.add(code)
    return keys


def test_every_key_that_is_asked_for_exists() -> None:
    known = {key for domain in DOMAINS for key in messages("nl", domain)}
    missing = sorted(
        key for key in asked_for() if key not in known and key.split(".")[0] in (*DOMAINS, "core")
    )
    assert not missing


def test_every_sentence_is_used() -> None:
    whole, beginnings = strings_in_code()
    codes = {
        f"{code.partition('.')[0]}.{kind}.{code.partition('.')[2]}"
        for code in whole
        if KEY.match(code)
        for kind in ("error", "step", "notice", "reason", "advice")
    }
    unused = [
        key
        for domain in DOMAINS
        for key in messages("nl", domain)
        if key not in whole
        and key.replace(".advice", ".message") not in whole
        and key not in codes
        and key.removesuffix(".message").removesuffix(".advice") not in codes
        and not any(key.startswith(beginning) for beginning in beginnings)
    ]
    assert not unused


def test_every_error_has_advice() -> None:
    for domain in DOMAINS:
        keys = messages("nl", domain)
        for key in keys:
            if key.endswith(".message") and ".error." in key:
                assert key.replace(".message", ".advice") in keys


def test_files_are_plain() -> None:
    assert all(Path(LOCALES / lang / "LC_MESSAGES").is_dir() for lang in LANGUAGES)
