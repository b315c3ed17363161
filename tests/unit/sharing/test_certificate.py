"""The school's certificate, with real certificates of a signer that lives for one test."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from launcher.errors import UsageError
from launcher.i18n import LANGUAGES, describe_error
from launcher.sharing.certificate import check_certificate
from tests.certificates import Authority
from tests.conftest import require

NAME = "les.school.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    require(shutil.which("openssl") is not None, "openssl is not installed")
    return Authority(tmp_path_factory.mktemp("authority"))


def test_a_good_certificate(authority: Authority) -> None:
    check_certificate(*authority.issue(NAME), NAME, until=time.time() + 3600)


def code(certificate: Path, key: Path, name: str = NAME, until: float | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        check_certificate(certificate, key, name, until=until)
    for lang in LANGUAGES:
        text = describe_error(caught.value, lang)
        assert "sharing." not in text.message
    return caught.value.code.removeprefix("sharing.certificate_")


def test_what_is_refused(authority: Authority, tmp_path: Path) -> None:
    good, key = authority.issue(NAME)
    _, other_key = authority.issue(NAME)
    assert code(good, key, "elders.example") == "name"
    assert code(good, other_key) == "key"
    assert code(good, key, until=time.time() + 400 * 86400) == "ends_too_soon"
    assert code(*authority.issue(NAME, days=-1)) == "expired"
    assert code(*authority.issue(NAME, starts_in_days=2)) == "early"
    assert code(*authority.self_signed(NAME)) == "self_signed"
    assert code(good, tmp_path / "gone.pem") == "unreadable"
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    assert code(nonsense, key) in ("unreadable", "key")
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "rsa", "-aes128", "-passout", "pass:x1y2z3", "-in", key, "-out", locked],
        check=True,
        capture_output=True,
    )
    assert code(good, locked) == "key"
