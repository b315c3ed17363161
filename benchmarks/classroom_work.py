"""The work of `classroom.py`: a rubric that the class shares, own texts, and their feedback."""

import json
import random
from dataclasses import dataclass
from typing import Any

CRITERIA = (
    "Claim: the first sentences say what the writer wants.",
    "Reasons: every opinion comes with a reason or an example.",
    "Order: the sentences follow each other in a way that helps the reader.",
)
_HELP = (
    "Name the sentence that you look at.",
    "Say what the reader learns from it and what is still missing.",
    "End with one question that the writer can answer in a single new sentence.",
    "Do not praise the person and do not give a grade, a level or a verdict.",
    "Mention nothing that is not in the text.",
    "The text is written by a student of about fourteen years old.",
)
_EXAMPLES = (
    ("Cycling to school is healthy because you move every day.", "Which disease does it prevent?"),
    ("Phones should stay in the locker during lessons.", "What happens in lessons now?"),
    ("The canteen should sell fruit that is grown nearby.", "Why does nearby matter to you?"),
    ("Homework is useful when it is short.", "How short should it be, do you think?"),
)
_SUBJECTS = ("School uniforms", "Dogs in class", "Longer breaks", "Free fruit", "Quiet rooms")
_OPINIONS = ("would help many students", "cost more than people think", "sound nice at first")
_REASONS = (
    "because mornings are hard for families with little time",
    "since nobody likes to be different from all the others",
    "and my cousin, who has it at her school, says the same",
    "although a few teachers told us that it did not work before",
    "because it is easier to listen when you feel well",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """``sentences`` are numbered s1, s2 … in the prompt."""

    name: str
    sentences: tuple[str, ...]


def make_students(count: int) -> list[Student]:
    """The same texts every time, each of about 120 words and none like another."""
    dice = random.Random(20261)
    students = []
    for number in range(1, count + 1):
        sentences = tuple(
            f"{dice.choice(_SUBJECTS)} {dice.choice(_OPINIONS)} {dice.choice(_REASONS)}, and in "
            f"week {dice.randrange(1, 52)} I asked {dice.randrange(3, 90)} people about it."
            for _ in range(5)
        )
        students.append(Student(name=f"student {number}", sentences=sentences))
    return students


def rubric() -> str:
    """What the class shares: about 1,400 tokens, as a teacher's goals, rules and examples are."""
    lines = ["You help students to improve their own text. These are the rules of our class."]
    lines.extend(
        f"Rule {number}. " + " ".join(_HELP[number % 6 :] + _HELP[: number % 6])
        for number in range(1, 13)
    )
    lines += [f"Goal: {each}" for each in CRITERIA]
    for text, question in _EXAMPLES:
        reply = json.dumps({"s": "s1", "o": f"Here it says: {text[:40]}", "q": question})
        lines.append(f"Example.\n<text>\n[s1] {text}\n</text>\nLook at: {CRITERIA[0]}\n{reply}")
    return "\n\n".join(lines)


def prompt(student: Student, criterion: str, *, criterion_first: bool = False) -> Any:
    """The chat messages of one call.

    ``criterion_first`` is how one would write it without a thought for the engine's cache.
    """
    numbered = "\n".join(f"[s{n}] {each}" for n, each in enumerate(student.sentences, start=1))
    text, look = f"<text>\n{numbered}\n</text>\n", f"Look at: {criterion}\n"
    user = look + text if criterion_first else text + look
    return [{"role": "system", "content": rubric()}, {"role": "user", "content": user}]


def schema(student: Student) -> dict[str, Any]:
    """Short keys, ids instead of quotes, and bounded strings: few tokens for one feedback."""
    plain = "[a-zA-Z ,']"
    properties = {
        "s": {"enum": [f"s{n}" for n in range(1, len(student.sentences) + 1)]},
        "o": {"type": "string", "pattern": f"^[A-Z]{plain}{{12,60}}[.]$"},
        "q": {"type": "string", "pattern": f"^[A-Z]{plain}{{12,50}}[?]$"},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def is_feedback(reply: str, student: Student) -> bool:
    """Whether a reply is what was asked for, cut off or not."""
    try:
        value = json.loads(reply)
    except ValueError:
        return False
    allowed = schema(student)["properties"]["s"]["enum"]
    return isinstance(value, dict) and set(value) == {"s", "o", "q"} and value["s"] in allowed


def least_tokens(prompts: list[list[int]]) -> int:
    """How many prompt tokens have to be processed at least, when no beginning is read twice.

    That is the number of different beginnings: the shared part once, each text once, each call's
    own end once.
    """
    total, previous = 0, []
    for tokens in sorted(prompts):
        common = 0
        for one, other in zip(previous, tokens, strict=False):
            if one != other:
                break
            common += 1
        total += len(tokens) - common
        previous = tokens
    return total
