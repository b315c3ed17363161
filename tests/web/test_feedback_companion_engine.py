"""Feedback Companion with the real engine and the real practice model."""

import re
from pathlib import Path

import pytest

from tests.web.support import app_with_real_engine, hand_in, wait_for_state
from tests.web.test_feedback_companion import release, review

ENGLISH_TEXT = (
    "I think school uniforms should be required at every school. When everyone wears the same "
    "clothes, students cannot be bullied about what they wear. My cousin goes to a school with "
    "uniforms and she says it is much calmer there. Some people say that uniforms take away your "
    "freedom. I understand that, but you can still show who you are in other ways. Another problem "
    "is that uniforms cost money. In my opinion the advantages are bigger than the disadvantages."
)


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_real_texts_get_checked_suggestions_and_reuse_the_cache(
    starter_model: Path, tmp_path: Path
) -> None:
    with (
        app_with_real_engine(starter_model, tmp_path) as app,
        app.student("nl") as dutch,
        app.student("en", "en") as english,
    ):
        assert hand_in(dutch).status_code == 201
        assert hand_in(english, text=ENGLISH_TEXT, lang="en").status_code == 201
        with app.teacher() as teacher:
            for student in (dutch, english):
                wait_for_state(student, "review", timeout_s=400)
            for _ in range(2):
                text = review(teacher)
                sentences = {p["id"] for part in text["paragraphs"] for p in part}
                assert text["comments"], text["notes"]
                assert {c["sentence_id"] for c in text["comments"]} <= sentences
                assert release(teacher, text, approve_drafts=True).status_code == 200
        for student in (dutch, english):
            shown = wait_for_state(student, "released")["feedback"]
            assert all(c["next_step"] for c in shown["comments"])
    log = (tmp_path / "logs" / "app.log").read_text()
    processed = [int(count) for count in re.findall(r"prompt_n=(\d+)", log)]
    # Two of the three criteria of each text find the text in the cache already.
    assert sum(count < 100 for count in processed) >= 4, processed
