"""Serves the AWS account of this machine: moto, behind one lock, by a clock that can be turned.

Takes the port as its argument (0: any free one), prints {"port": n} when it is ready, and leaves when its standard
input closes: a parent that dies, however it dies, leaves no server behind.
"""

import datetime
import functools
import json
import os
import signal
import sys
import threading
import traceback
from typing import Any

os.environ.update(
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true",
    # A reset would load them anew, which takes seconds; an instance may be launched from any image id.
    MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    # No web page may call this account.
    MOTO_DISABLE_GLOBAL_CORS="true",
)

# No compiled files among the project's sources.
sys.dont_write_bytecode = True

import moto.core.utils as core  # noqa: E402
import speedups  # noqa: E402

offset = datetime.timedelta(0)
real_utcnow = core.utcnow


def utcnow() -> datetime.datetime:
    return real_utcnow() + offset


# Before anything else of moto is imported: most of its modules take the function by name.
core.utcnow = utcnow
speedups.before_import(lambda: offset)

import patches  # noqa: E402
from cheroot.wsgi import Server  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from moto.sqs.models import Queue  # noqa: E402

# moto checks a condition and then writes; two threads at once would both pass the check.
lock = threading.Lock()


class Application:
    """One request at a time, each at the time its caller's clock shows."""

    def __init__(self) -> None:
        self.app = DomainDispatcherApplication(create_backend_app)
        # Tries the URL patterns of some hundred services otherwise, at every request.
        self.app.get_backend_for_host = functools.cache(self.app.get_backend_for_host)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        global offset
        with lock:
            milliseconds = environ.get("HTTP_X_GROUNDCREW_CLOCK")
            if milliseconds is not None:
                offset = datetime.timedelta(milliseconds=float(milliseconds))
            # Where moto looks for the path before it was decoded.
            environ["RAW_URI"] = environ["REQUEST_URI"]
            try:
                return self.app(environ, start_response)
            except Exception:
                # Its last line becomes part of what the caller is told.
                traceback.print_exc()
                start_response("500 Internal Server Error", [("content-type", "text/html")])
                return [b""]


def serve(port: int) -> None:
    """Not by moto's own server, which opens a connection and a thread for every request."""
    server = Server(("127.0.0.1", port), Application(), numthreads=16, request_queue_size=128)
    # The one client there is keeps its connections for as long as it likes.
    server.timeout = 24 * 3600
    server.keep_alive_conn_limit = 128
    server.prepare()
    _, port = server.bind_addr
    print(json.dumps({"port": port}), flush=True)
    server.serve()


def release_while_waiting() -> None:
    """A long poll must not keep the message away that it is waiting for."""
    wait = Queue.wait_for_messages

    def wait_for_messages(queue: Queue, timeout: int) -> None:
        lock.release()
        try:
            wait(queue, timeout)
        finally:
            lock.acquire()

    Queue.wait_for_messages = wait_for_messages


def leave_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    # Ctrl-C reaches the whole group: the parent still needs the account to stop in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    speedups.after_import()
    patches.apply()
    release_while_waiting()
    threading.Thread(target=leave_with_parent, daemon=True).start()
    serve(int(sys.argv[1]))


if __name__ == "__main__":
    main()
