# -*- coding: utf-8 -*-
"""Make the environment of a checkout on first use, then run a command in it.

Kept readable for Python 2.7 and every Python 3: it has to be able to say "too old".
"""

from __future__ import print_function

import hashlib
import os
import shutil
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST = (3, 11)
KNOWN = ["python3.13", "python3.12", "python3.11"]

TEXTS = {
    "nl": {
        "old": "Deze Python is te oud ({found}). Paadje heeft Python 3.11 of nieuwer nodig.",
        "old_advice": "Installeer een nieuwere Python van python.org en probeer het opnieuw.",
        "making": "Paadje maakt zich klaar. Dit gebeurt één keer en duurt ongeveer een minuut.",
        "venv": "Paadje kan hier geen eigen omgeving maken.",
        "venv_advice": "Controleer of er ruimte is op de schijf. Op Debian of Ubuntu: installeer python3-venv.",
        "index": "De onderdelen van Paadje zijn niet op te halen.",
        "index_advice": "Controleer of je internet hebt en probeer het opnieuw. Op school: vraag ICT naar de proxy of de pakketserver.",
        "detail": "Voor ICT: ",
    },
    "en": {
        "old": "This Python is too old ({found}). Paadje needs Python 3.11 or newer.",
        "old_advice": "Install a newer Python from python.org and try again.",
        "making": "Paadje is getting ready. This happens once and takes about a minute.",
        "venv": "Paadje cannot make its own environment here.",
        "venv_advice": "Check that the disk has room. On Debian or Ubuntu: install python3-venv.",
        "index": "The parts of Paadje could not be fetched.",
        "index_advice": "Check your internet connection and try again. At school: ask IT about the proxy or the package server.",
        "detail": "For IT: ",
    },
}


def language():
    """The language asked for on the command line, else the system's, else Dutch."""
    arguments = sys.argv[1:]
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            return "en" if arguments[place + 1] == "en" else "nl"
        if argument.startswith("--lang="):
            return "en" if argument == "--lang=en" else "nl"
    for name in ("PAADJE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")[:2].lower()
        if value in TEXTS:
            return value
    return "nl"


def stop(code, name, detail, **values):
    """Say what happened and what to do, as text or as the JSON of the command line; exit 1."""
    texts = TEXTS[language()]
    message = texts[name].format(**values)
    advice = texts[name + "_advice"]
    if "--json" in sys.argv[1:]:
        import json

        error = {"code": code, "message": message, "advice": advice, "detail": detail}
        print(json.dumps({"version": 1, "ok": False, "data": None, "error": error}))
    else:
        sys.stderr.write("{0}\n{1}\n".format(message, advice))
        if detail:
            sys.stderr.write("{0}{1}\n".format(texts["detail"], detail))
    sys.exit(1)


def restart_with_newer_python():
    """This Python is too old: hand over to a newer one on this computer, or say so."""
    for name in KNOWN:
        try:
            works = subprocess.call(
                [name, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
                stderr=subprocess.PIPE,
            )
        except OSError:
            continue
        if works == 0:
            sys.exit(subprocess.call([name, os.path.abspath(sys.argv[0])] + sys.argv[1:]))
    stop("core.python_too_old", "old", sys.executable or "", found="%d.%d" % sys.version_info[:2])


def environment_python(environment):
    """The interpreter inside a virtual environment."""
    if os.name == "nt":
        return os.path.join(environment, "Scripts", "python.exe")
    return os.path.join(environment, "bin", "python")


def fingerprint(lock):
    """Changes when the locked packages or this Python change."""
    with open(lock, "rb") as file:
        return hashlib.sha256(file.read() + sys.version.encode()).hexdigest()


def prepare(lock_name):
    """Make or renew the environment for this lock; returns its interpreter."""
    lock = os.path.join(ROOT, "requirements", lock_name)
    kind = os.path.splitext(lock_name)[0]
    environment = os.path.join(
        os.environ.get("PAADJE_ENVIRONMENTS") or ROOT,
        ".venv-%s-%d.%d" % ((kind,) + sys.version_info[:2]),
    )
    python = environment_python(environment)
    stamp = os.path.join(environment, "paadje-lock")
    wanted = fingerprint(lock)
    if is_current(stamp, wanted, python):
        return python
    sys.stderr.write(TEXTS[language()]["making"] + "\n")
    # A second start in that minute waits for the first one instead of working against it.
    with open(environment + ".lock", "w") as guard:
        wait_for_lock(guard)
        if not is_current(stamp, wanted, python):
            make(environment, python, lock)
            with open(stamp, "w") as file:
                file.write(wanted)
    return python


def is_current(stamp, wanted, python):
    """Whether the environment holds the locked packages for this Python."""
    try:
        with open(stamp) as file:
            return file.read() == wanted and os.path.exists(python)
    except (IOError, OSError):
        return False


def wait_for_lock(file):
    """Wait until no other process holds the file; the system lets go when a process ends."""
    if os.name == "nt":
        import msvcrt
        import time

        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                return
            except (IOError, OSError):
                time.sleep(0.5)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def make(environment, python, lock):
    """A new environment with the locked packages, and this checkout on its path."""
    shutil.rmtree(environment, ignore_errors=True)
    call("core.no_environment", "venv", [sys.executable, "-m", "venv", environment])
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call("core.no_index", "index", install + ["--require-hashes", "-r", lock])
    site = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    )
    with open(os.path.join(site.decode().strip(), "paadje.pth"), "w") as file:
        file.write(ROOT + "\n")


def call(code, name, command):
    """Run one step; when it fails, its last words are the detail."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode("utf-8", "replace").strip()
    if process.returncode != 0:
        lines = [line for line in output.splitlines() if line.strip()]
        stop(code, name, lines[-1] if lines else "")


def hold_interrupts(held):
    """Keep Ctrl-C until the program is there to answer it in words, or let it through again."""
    if hasattr(signal, "pthread_sigmask"):
        how = signal.SIG_BLOCK if held else signal.SIG_UNBLOCK
        signal.pthread_sigmask(how, [signal.SIGINT])


def run(arguments, lock_name, answers_interrupts=False):
    """Prepare the environment and become the command; does not return.

    A command that answers interrupts lets them through itself, and gets them held back.
    """
    if sys.version_info < OLDEST:
        restart_with_newer_python()
    try:
        hold_interrupts(False)
        python = prepare(lock_name)
        hold_interrupts(answers_interrupts)
    except KeyboardInterrupt:
        sys.exit(130)
    except (IOError, OSError) as error:
        # A folder where nothing may be written, or a disk that is full.
        stop("core.no_environment", "venv", str(error))
    if os.name == "nt":
        # Ctrl-C reaches the program as well, and it decides what happens.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.exit(subprocess.call([python] + arguments))
    os.execv(python, [python] + arguments)
