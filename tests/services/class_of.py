"""Students and a teacher of Feedback Companion, over HTTP as their browsers are."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from launcher.sharing.contract import APP_PREFIX

SENTENCES = (
    "School uniforms should be compulsory at our school.",
    "Many students think uniforms are boring, but I believe they make mornings easier.",
    "When everyone wears the same clothes, nobody is bullied because of cheap shoes.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    http: httpx.Client

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        answer = self.http.post(path, json=body)
        answer.raise_for_status()
        return answer


def _client(base: str) -> httpx.Client:
    return httpx.Client(
        base_url=base, headers={"origin": base}, trust_env=False, timeout=30, follow_redirects=False
    )


def student(join_url: str, app: str = "feedback-companion") -> Person:
    """Joins with what the QR code says."""
    base, _, token = join_url.partition("/j#")
    person = Person(http=_client(base))
    person.post("/join", {"token": token})
    person.http.base_url = f"{base}{APP_PREFIX}{app}/"
    return person


def hand_in(person: Person, number: int) -> None:
    text = f"{' '.join(SENTENCES)} I asked {number} people in class {number} about it."
    page = person.http.get("").text
    notice = page.partition('data-notice="')[2].partition('"')[0]
    person.post("api/notice", {"notice": notice, "with_ai": True, "consent": True})
    body = {"text": text, "own_question": "", "lang": "en", "with_ai": True, "consent": True}
    person.post("api/submit", body)


def teacher(teacher_url: str) -> Person:
    parts = urlsplit(teacher_url)
    person = Person(http=_client(f"{parts.scheme}://{parts.netloc}"))
    person.post("/session", {"token": parts.fragment})
    return person
