"""A tiny stand-in for an app or a gateway: ``python fake_service.py PORT [how]``.

It answers /health, tells a hash of its data key at /key, and leaves when its lifeline ends.
``how``: ``crash`` ends at once; ``crash-later`` ends 0.1 s after its first answer; ``deaf`` never
gets ready; ``stubborn`` ignores every polite request and has a child that does too; ``hang`` says
it is ready and then never answers again; ``garbage`` answers ``/alive`` with something else than
JSON; ``noisy`` writes a line to its log at every request.
"""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from launcher import lifeline


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if HOW == "hang" and ANSWERED.is_set():
            threading.Event().wait()
        ANSWERED.set()
        if HOW == "noisy":
            sys.stderr.write("x" * 5000 + "\n")
            sys.stderr.flush()
        key = os.environ.get("FAKE_KEY", "")
        body = hashlib.sha256(key.encode()).hexdigest() if self.path == "/key" else str(len(key))
        self.send_response(503 if HOW == "deaf" else 200)
        self.end_headers()
        alive = {"garbage": "<html>", "": '{"ok": true}'}.get(HOW, "{}")
        self.wfile.write((alive if self.path == "/alive" else body).encode())
        if HOW == "crash-later":
            threading.Timer(0.1, os._exit, (3,)).start()

    def log_message(self, *_: object) -> None:
        pass


ANSWERED = threading.Event()
PORT = int(sys.argv[1])
HOW = sys.argv[2] if len(sys.argv) > 2 else ""
sys.stderr.write(f"fake service on {PORT}\n")
sys.stderr.flush()
if HOW == "crash":
    sys.stderr.write("Traceback (most recent call last):\n\x1b[31mthe telling line\n\n")
    sys.exit(3)
if HOW == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    code = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", code])
else:
    lifeline.follow(on_end=lambda: os._exit(0))
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
