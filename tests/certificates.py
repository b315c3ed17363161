"""Real certificates for tests, made with the openssl program."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Authority:
    """A signer of its own; its files lie in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "ca.pem"
        self._key = folder / "ca.key"
        self._count = 0
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
            "/CN=Test signer", "-keyout", self._key, "-out", self.file,
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def issue(self, name: str, *, days: int = 30, starts_in_days: int = -2) -> tuple[Path, Path]:
        """A certificate for ``name`` and its key; it ends ``days`` from now."""
        self._count += 1
        certificate = self.folder / f"{self._count}.pem"
        key, request, extra = (certificate.with_suffix(end) for end in (".key", ".csr", ".ext"))
        self._openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
            "-out", request,
        )  # fmt: skip
        extra.write_text(
            f"subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\n"
            "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n"
            "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
        )
        now = datetime.now(UTC)
        database = self.folder / f"{self._count}.db"
        database.touch()
        config = self.folder / f"{self._count}.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={database}\nrand_serial=yes\nnew_certs_dir="
            f"{self.folder}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\n"
            "commonName=supplied\n"
        )
        self._openssl(
            "ca", "-batch", "-notext", "-config", config, "-cert", self.file, "-keyfile", self._key,
            "-in", request, "-out", certificate, "-extfile", extra,
            "-startdate", _stamp(now + timedelta(days=starts_in_days)),
            "-enddate", _stamp(now + timedelta(days=days, hours=1)),
        )  # fmt: skip
        return certificate, key

    def self_signed(self, name: str) -> tuple[Path, Path]:
        certificate, key = self.folder / "self.pem", self.folder / "self.key"
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate,
        )  # fmt: skip
        return certificate, key

    def _openssl(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%SZ")
