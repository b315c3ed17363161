"""``paadje models``: the models on this computer."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import port_option
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.errors import ExitCode, UsageError
from launcher.i18n import Translator
from launcher.lesson.kits import Kit
from launcher.lesson.library import Import, LicenceCard, ModelEntry, ModelFacts, Verification
from launcher.lesson.types import Context, to_dict

ACTIONS = ("list", "add", "import", "remove", "verify", "licence", "export", "serve")
NEED_WHAT = ("add", "remove", "licence", "export")
NEED_NOTHING = ("list", "import", "serve")


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "models")
    result.places.add_argument(
        "action", metavar="|".join(ACTIONS), nargs="?", choices=ACTIONS, default="list",
        help=t("cli.argument.models_action"),
    )  # fmt: skip
    result.places.add_argument(
        "what", metavar="FILE|ID|DIR", nargs="?", help=t("cli.argument.model")
    )
    options = result.options
    options.add_argument("--model", metavar="ID", action="append", help=t("cli.option.kit_model"))
    options.add_argument("--without-programs", action="store_true", help=t("cli.option.no_wheels"))
    options.add_argument("--address", metavar="IP", help=t("cli.option.address"))
    port_option(result)
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    if options.action in NEED_WHAT and options.what is None:
        what = "DIR" if options.action == "export" else "FILE|ID"
        raise UsageError("cli.missing", command=f"paadje models {options.action}", what=what)
    if options.action in NEED_NOTHING and options.what is not None:
        command = f"paadje models {options.action}"
        raise UsageError("cli.too_much", command=command, what=options.what)
    if options.action == "serve":
        return _serve(options, context, t)
    return show(_VERBS[options.action](options, context, t), as_json=options.json)


def _list(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    entries = lesson.list_models(context)
    return Output(data={"models": to_dict(entries)}, lines=_listed(entries, t))


def _add(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    with cancel_on_interrupt() as cancel:
        added = lesson.add_model(
            context, Path(options.what), report=progress_reporter(t), cancel=cancel
        )
    facts = lesson.model_facts(context, added.name)
    data = {**to_dict(added), "facts": to_dict(facts)}
    return Output(data=data, lines=_added(added, facts, t))


def _import(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    with cancel_on_interrupt() as cancel:
        result = lesson.import_models(context, report=progress_reporter(t), cancel=cancel)
    return Output(data=to_dict(result), lines=_imported(result, t))


def _remove(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    removed = lesson.remove_model(context, options.what)
    line = t("cli.models.removed", name=removed.name, size=t.size(removed.size_bytes))
    return Output(data=to_dict(removed), lines=[line])


def _verify(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    report = progress_reporter(t)
    with cancel_on_interrupt() as cancel:
        if options.what is not None and lesson.is_kit(Path(options.what)):
            wrong = lesson.check_kit(Path(options.what), report=report, cancel=cancel)
            checks: tuple[Verification, ...] = tuple(
                Verification(name=name, right=False) for name in wrong
            ) or (Verification(name=options.what, right=True),)
        else:
            checks = lesson.verify_models(context, options.what, report=report, cancel=cancel)
    bad = any(not check.right for check in checks)
    return Output(
        data={"models": to_dict(checks)},
        lines=_verified(checks, t),
        exit_code=ExitCode.KNOWN_ERROR if bad else ExitCode.OK,
    )


def _licence(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    card = lesson.read_licence(context, options.what)
    return Output(data=to_dict(card), lines=_terms(card, t))


def _export(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    with cancel_on_interrupt() as cancel:
        kit = lesson.export_kit(
            context,
            Path(options.what).expanduser().absolute(),
            models=options.model or (),
            wheels=not options.without_programs,
            report=progress_reporter(t),
            cancel=cancel,
        )
    return Output(data={**to_dict(kit), "size_bytes": kit.size_bytes}, lines=_exported(kit, t))


def _serve(options: argparse.Namespace, context: Context, t: Translator) -> int:
    """In front until Ctrl-C: a teacher sees that it is on."""
    with (
        cancel_on_interrupt() as cancel,
        lesson.share_models(
            context, address=options.address, port=options.port, report=progress_reporter(t)
        ) as url,
    ):
        lines = [t("cli.models.serving"), t("cli.models.serving_address", url=url)]
        show(Output(data={"url": url}, lines=lines), as_json=options.json)
        while not cancel.wait(1.0):
            pass
    return ExitCode.OK


_VERBS: dict[str, Callable[[argparse.Namespace, Context, Translator], Output]] = {
    "list": _list,
    "add": _add,
    "import": _import,
    "remove": _remove,
    "verify": _verify,
    "licence": _licence,
    "export": _export,
}


def _listed(entries: Sequence[ModelEntry], t: Translator) -> Iterator[str]:
    if not entries:
        yield t("cli.models.none")
    for entry in entries:
        # A file with a hash was whole once: it was taken away or changed outside Paadje.
        broken = "cli.models.partial" if entry.sha256 is None else "cli.models.changed"
        key = "cli.models.entry" if entry.complete else broken
        yield t(key, name=entry.name, size=t.size(entry.size_bytes))
        if not entry.complete:
            continue
        if entry.model is not None:
            yield f"   {t('cli.models.id', model=entry.model)}"
        if entry.licence is not None:
            yield f"   {t('cli.models.licence', licence=entry.licence)}"
        if entry.used_by:
            yield f"   {t('cli.models.used_by', apps=', '.join(entry.used_by))}"
        if entry.in_use:
            yield f"   {t('cli.models.in_use')}"
        elif entry.last_used_at is not None:
            yield f"   {t('cli.models.last_used', day=_day(entry.last_used_at, t))}"


def _day(written: str, t: Translator) -> str:
    """The day of a time in a file, which others can write."""
    try:
        return t.day(date.fromisoformat(written[:10]))
    except ValueError:
        return "?"


def _added(entry: ModelEntry, facts: ModelFacts, t: Translator) -> Iterator[str]:
    yield t("cli.models.added", name=entry.name)
    context_tokens = facts.context_tokens or "?"
    yield t("cli.models.facts", kind=facts.architecture or "?", context=context_tokens)
    yield t("cli.models.template" if facts.has_chat_template else "cli.models.no_template")
    yield t("cli.models.own_use", name=entry.name)


def _imported(result: Import, t: Translator) -> Iterator[str]:
    for entry in result.taken:
        yield t("cli.models.added", name=entry.name)
    if not result.taken:
        yield t("cli.models.nothing_taken")
    for program, path, size_bytes in result.others:
        yield t("cli.models.other", program=program, path=path, size=t.size(size_bytes))


def _verified(checks: Sequence[Verification], t: Translator) -> Iterator[str]:
    if not checks:
        yield t("cli.models.none")
    for check in checks:
        yield t("cli.models.right" if check.right else "cli.models.wrong", name=check.name)


def _terms(card: LicenceCard, t: Translator) -> Iterator[str]:
    yield t("cli.models.terms", model=card.model, licence=card.licence or "?")
    if card.page is not None:
        yield t("cli.models.terms_page", page=card.page)
    if card.accepted_at is not None:
        yield t("cli.models.terms_accepted", day=_day(card.accepted_at, t))
    elif card.needs_acceptance:
        yield t("cli.models.terms_needed")
    if card.text is not None:
        yield from ("", *card.text.splitlines())
    elif card.page is not None:
        yield t("cli.models.terms_elsewhere")


def _exported(kit: Kit, t: Translator) -> Iterator[str]:
    yield t("cli.models.exported", folder=kit.folder, size=t.size(kit.size_bytes))
    yield t("cli.models.kit_models", models=", ".join(kit.models))
    if kit.wheels:
        yield t("cli.models.kit_programs", platform=kit.platform, python=kit.python)
    yield t("cli.models.kit_use", folder=kit.folder)
