"""How much does the privacy check find, how often is it wrong, and how long does it take?

Compared side by side on the same texts: the privacy check, and plain patterns (the regular
expressions that most people would write first).

    python benchmarks/privacy.py [--json] [--quick] [--set FILE]... [--misses]

Each line of a set is {"id", "lang", "level", "genre", "text", "spans": [{"kind", "start", "end",
"text"}]}. A span counts as found when a finding of its kind overlaps it; a finding that overlaps no
span of its kind is a false alarm. Health and belief count as one kind where they touch.

The sets in ``data/privacy/unseen`` were never learned from, and nobody looked at what was found or
missed in them: *cross-section* by writers with the same guide for what is private as those of the
learned sets, *examiner* by writers who had nothing but the kinds and the targets. None of
them had seen the check. The sets in ``data/privacy/learned`` are what its weights were learned from
(``packaging/make_privacy_weights.py``), and say nothing about texts that are new to it.
"""

import argparse
import json
import platform
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from launcher.apps.privacy import KINDS, find_private  # noqa: E402

DATA = ROOT / "benchmarks" / "data" / "privacy"
UNSEEN = DATA / "unseen"
Span = tuple[str, int, int]
SENSITIVE = {"health", "belief"}

_PLAIN = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")),
    ("phone", re.compile(r"(?:\+31|0)[ -]?(?:\d[ -]?){8,9}")),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}[A-Z]{4}\d{10}\b")),
    ("bsn", re.compile(r"\b\d{9}\b")),
    ("birth_date", re.compile(r"\b\d{1,2}-\d{1,2}-\d{4}\b")),
    ("address", re.compile(r"\b[A-Z]\w+(?:straat|laan|weg|plein) \d+|\b\d{4} ?[A-Z]{2}\b")),
    ("link", re.compile(r"https?://\S+|(?<!\w)@\w+")),
    ("student_number", re.compile(r"\bs?\d{6,8}\b")),
    ("name", re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")),
)


def ours(text: str, lang: str) -> list[Span]:
    return [
        (f.kind, f.start, f.end) for f in find_private(text, lang="nl" if lang == "nl" else "en")
    ]


def plain(text: str, lang: str) -> list[Span]:
    return [(kind, m.start(), m.end()) for kind, pattern in _PLAIN for m in pattern.finditer(text)]


CONTENDERS: dict[str, Callable[[str, str], list[Span]]] = {"privacy check": ours, "patterns": plain}


def load(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def meet(one: Span, other: Span) -> bool:
    same = one[0] == other[0] or {one[0], other[0]} <= SENSITIVE
    return same and one[1] < other[2] and other[1] < one[2]


def measure(rows: Sequence[dict[str, Any]], contender: str) -> dict[str, Any]:
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    right: Counter[str] = Counter()
    given: Counter[str] = Counter()
    words = 0
    wrong: list[list[str]] = []
    missed: list[list[str]] = []
    for row in rows:
        text = row["text"]
        words += len(text.split())
        spans = [(s["kind"], s["start"], s["end"]) for s in row["spans"]]
        results = CONTENDERS[contender](text, row["lang"])
        for span in spans:
            wanted[span[0]] += 1
            if any(meet(span, result) for result in results):
                found[span[0]] += 1
            else:
                missed.append([row["id"], span[0], text[span[1] : span[2]]])
        for result in results:
            given[result[0]] += 1
            if any(meet(result, span) for span in spans):
                right[result[0]] += 1
            else:
                wrong.append([row["id"], result[0], text[result[1] : result[2]]])
    kinds = {
        kind: {
            "spans": wanted[kind],
            "recall": share(found[kind], wanted[kind]),
            "findings": given[kind],
            "precision": share(right[kind], given[kind]),
        }
        for kind in KINDS
        if wanted[kind] or given[kind]
    }
    return {
        "texts": len(rows),
        "words": words,
        "recall": share(found.total(), wanted.total()),
        "precision": share(right.total(), given.total()),
        "false_alarms_per_1000_words": round(1000 * len(wrong) / max(words, 1), 2),
        "kinds": kinds,
        "missed": missed,
        "wrong": wrong,
    }


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def shown(figure: float | None) -> str:
    return "-" if figure is None else str(figure)


def seconds(rows: Iterable[dict[str, Any]], rounds: int) -> dict[str, float]:
    """Median seconds for a text of 500 words, made of the set's texts; contenders take turns."""
    text = " ".join(" \n".join(row["text"] for row in rows).split(" ")[:500])
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, contender in CONTENDERS.items():
            began = time.perf_counter()
            contender(text, "nl")
            times[name].append(time.perf_counter() - began)
    return {name: round(statistics.median(each), 4) for name, each in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="fewer rounds of the timing")
    parser.add_argument("--set", action="append", type=Path, help="a set of your own (JSON lines)")
    parser.add_argument("--misses", action="store_true", help="list what was missed and wrong")
    options = parser.parse_args()
    began = time.perf_counter()
    find_private("warm", lang="nl")
    first_s = round(time.perf_counter() - began, 3)
    report: dict[str, Any] = {
        "measured_on": date.today().isoformat(),  # noqa: DTZ011 - the day on this machine
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "first_call_s": first_s,
        "sets": {},
    }
    sets: dict[str, list[dict[str, Any]]] = {}
    for path in options.set or sorted(UNSEEN.glob("*.jsonl")):
        sets[path.stem] = load(path)
    if len(sets) > 1:
        sets["together"] = [row for rows in sets.values() for row in rows]
    for label, rows in sets.items():
        entry: dict[str, Any] = {name: measure(rows, name) for name in CONTENDERS}
        entry["seconds_for_500_words"] = seconds(rows, 3 if options.quick else 15)
        report["sets"][label] = entry
        if not options.misses:
            for name in CONTENDERS:
                del entry[name]["missed"], entry[name]["wrong"]
    print(json.dumps(report, ensure_ascii=False) if options.json else table(report))
    return 0


def table(report: dict[str, Any]) -> str:
    lines = [
        f"{report['system']}, Python {report['python']}; first call {report['first_call_s']} s"
    ]
    for name, entry in report["sets"].items():
        for contender in CONTENDERS:
            got = entry[contender]
            lines += [
                "",
                f"{name}: {contender} ({got['texts']} texts, {got['words']} words)",
                f"  recall {got['recall']}, precision {got['precision']}, "
                f"{got['false_alarms_per_1000_words']} false alarms per 1,000 words, "
                f"{entry['seconds_for_500_words'][contender]} s for 500 words",
                f"  {'kind':<16}{'spans':>6}{'recall':>8}{'found':>7}{'precision':>11}",
            ]
            lines += [
                f"  {kind:<16}{each['spans']:>6}{shown(each['recall']):>8}{each['findings']:>7}"
                f"{shown(each['precision']):>11}"
                for kind, each in got["kinds"].items()
            ]
            for label in ("missed", "wrong"):
                lines += [f"  {label}: {' | '.join(each)}" for each in got.get(label, [])]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
