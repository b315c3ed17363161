"""Write docs/third-party-licences.md from what is installed and from the catalog.

Run it after a change in the locks or the catalog: ``python -m docs.make_licences``.
"""

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from launcher.catalog import load_catalog

ROOT = Path(__file__).resolve().parent.parent
OTHER_SYSTEMS = {"colorama": "BSD-3-Clause", "pywin32-ctypes": "BSD-3-Clause"}
NEVER_INSTALLED = {"httpx2-jsfetch"}


def main() -> None:
    lines = [
        "# Third-party licences",
        "",
        "Paadje itself is under the Apache License 2.0. It stands on this work of others.",
        "",
        "## Packages",
        "",
        "| package | licence |",
        "|---|---|",
    ]
    lock = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    names = sorted({line.split("==")[0] for line in lock.splitlines() if "==" in line})
    lines += [f"| {name} | {licence(name)} |" for name in names if name not in NEVER_INSTALLED]
    lines += [
        "",
        "xllamacpp carries llama.cpp and ggml (MIT).",
        "",
        "## Word lists of the privacy check",
        "",
        "Given names and surnames: put together from Faker (MIT, © 2012 Daniele Faraglia) and"
        " mimesis (MIT, © 2016 Isaak Uchakaev). Common words: from the Dutch word list of OpenTaal"
        " (BSD-3-Clause, © OpenTaal and Simon Brouwer e.a.) and the English one of SCOWL (© Kevin"
        " Atkinson, free to use with this notice); which of them are common was looked up with"
        " wordfreq. Well-known people, works with their characters, words of health and belief, and"
        " the texts that the weights were learned from: own compilation.",
        "",
        "## Models in the catalog",
        "",
        "Models are not part of Paadje: you download the one you choose, under its own licence.",
        "",
        "| model | publisher | licence |",
        "|---|---|---|",
    ]
    for model in load_catalog().models:
        if model.file is not None:
            name = model.licence.name
            linked = f"[{name}]({model.licence.url})" if model.licence.url else name
            lines.append(f"| {model.name} | {model.publisher} | {linked} |")
    text = "\n".join(lines) + "\n"
    (ROOT / "docs" / "third-party-licences.md").write_text(text, encoding="utf-8")


def licence(name: str) -> str:
    try:
        installed: Distribution = distribution(name)
    except PackageNotFoundError:
        return OTHER_SYSTEMS[name]
    metadata = installed.metadata
    said = metadata.get("License-Expression") or metadata.get("License")
    if said:
        return said.splitlines()[0]
    classifiers = [text for text in metadata.get_all("Classifier") or () if "License" in text]
    return "; ".join(text.rsplit(" :: ", 1)[-1] for text in classifiers)


if __name__ == "__main__":
    main()
