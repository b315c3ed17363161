"""The teacher's side: the goals and criteria, ready-made, imported or written in the form."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from launcher.apps.classroom import web
from launcher.apps.documents.criteria_import import (
    ImportedCriterion,
    import_csv,
    import_text,
    note_sentences,
    vague_sentences,
)
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.private import private_in
from launcher.apps.feedback_companion.prompts import Criterion
from launcher.apps.feedback_companion.reading import MOST_COMMENTS
from launcher.apps.feedback_companion.sentences import normalise
from launcher.apps.feedback_companion.sets import SETS, ReadyMade, load_set
from launcher.apps.feedback_companion.teacher_forms import ActivityForm, Import
from launcher.apps.feedback_companion.values import Activity
from launcher.errors import UsageError
from launcher.i18n import LANGUAGES, Translator, translator


def activity_routes(desk: Desk, lang: str) -> list[Route]:
    """``/api/activity``, ``/api/sets/{name}`` and ``/api/import``; ``lang`` is the teacher's."""
    t = translator(lang)

    async def activity(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(_activity_as_in_form(desk.activity))
        form = await web.read_body(request, ActivityForm)
        saved = desk.save_activity(
            lang=form.lang,
            title=normalise(form.title),
            goal=normalise(form.goal),
            wording=form.wording,
            use=form.use,
            criteria=[
                Criterion(
                    id=f"c{number}",
                    name=normalise(c.name),
                    description=normalise(c.description),
                    questions=tuple(q for q in map(normalise, c.questions) if q),
                    example=normalise(c.example),
                )
                for number, c in enumerate(form.criteria, start=1)
            ],
        )
        return JSONResponse({**_activity_as_in_form(saved), "advice": _advice(saved, t)})

    async def ready_made(request: Request) -> Response:
        """A set as it would be in the form; nothing is saved yet."""
        name, wanted = request.path_params["name"], request.query_params.get("lang", lang)
        if name not in SETS or wanted not in LANGUAGES:
            raise UsageError("classroom.not_found")
        found = load_set(name, wanted)
        return JSONResponse({**_as_in_form(found), "lang": wanted, "wording": ""})

    async def import_criteria(request: Request) -> Response:
        """Criteria from pasted text or a CSV file, for the form; nothing is saved yet."""
        pasted = (await web.read_body(request, Import)).text
        is_table = all(";" in line for line in pasted.splitlines() if line.strip())
        found = import_csv(pasted.encode("utf-8")) if is_table else import_text(pasted)
        return JSONResponse(
            {
                "criteria": [
                    {
                        "name": c.name[:60],
                        "description": c.description[:300],
                        "questions": list(c.questions),
                        "example": "",
                    }
                    for c in found.criteria[:6]
                ],
                "notes": list(note_sentences(found, t)),
            }
        )

    return [
        Route("/api/activity", activity, methods=["GET", "PUT"]),
        Route("/api/sets/{name}", ready_made),
        Route("/api/import", import_criteria, methods=["POST"]),
    ]


def _activity_as_in_form(activity: Activity) -> dict[str, Any]:
    return {**_as_in_form(activity), "lang": activity.lang, "wording": activity.wording}


def _as_in_form(found: Activity | ReadyMade) -> dict[str, Any]:
    return {
        "title": found.title,
        "goal": found.goal,
        "use": found.use,
        "criteria": [
            {
                "name": c.name,
                "description": c.description,
                "questions": list(c.questions),
                "example": c.example,
            }
            for c in found.criteria
        ],
    }


def _advice(activity: Activity, t: Translator) -> list[str]:
    """What could be clearer in the criteria; never a refusal."""
    written = " ".join([activity.title, activity.goal, *(c.line for c in activity.criteria)])
    found = private_in(written, activity.lang)
    private = [t("fc.activity.private", words=", ".join(found))] if found else []
    if len(activity.criteria) > MOST_COMMENTS:
        private.append(t("fc.activity.many_criteria", count=MOST_COMMENTS))
    return private + [
        f"{criterion.name}: {sentence}"
        for criterion in activity.criteria
        for sentence in vague_sentences(
            ImportedCriterion(name=criterion.name, description=criterion.description), t
        )
    ]
