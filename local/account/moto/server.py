"""Serves the local AWS account: moto in one thread, with an adjustable clock.

The argument is the port (0: any free port). Prints {"port": n} when ready. Exits when stdin closes, so that no server
remains if the parent process dies.
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
    # A reset would load the images again, which takes seconds. Instances can be launched from any image id.
    MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    # Web pages must not call this account.
    MOTO_DISABLE_GLOBAL_CORS="true",
)

# Prevents compiled files in the source folders.
sys.dont_write_bytecode = True

import moto.core.utils as core  # noqa: E402
import speedups  # noqa: E402

offset = datetime.timedelta(0)
real_utcnow = core.utcnow


def utcnow() -> datetime.datetime:
    return real_utcnow() + offset


# Must run before other imports of moto, because most modules import the function by name.
core.utcnow = utcnow
speedups.before_import(lambda: offset)

import patches  # noqa: E402
from cheroot.wsgi import Server  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402


class Application:
    """Handles one request at a time, at the time on the clock of the caller."""

    def __init__(self) -> None:
        self.app = DomainDispatcherApplication(create_backend_app)
        # Without the cache moto tries the URL patterns of about a hundred services for every request.
        self.app.get_backend_for_host = functools.cache(self.app.get_backend_for_host)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        global offset
        milliseconds = environ.get("HTTP_X_GROUNDCREW_CLOCK")
        if milliseconds is not None:
            offset = datetime.timedelta(milliseconds=float(milliseconds))
        # moto reads the encoded path from here.
        environ["RAW_URI"] = environ["REQUEST_URI"]
        try:
            return self.app(environ, start_response)
        except Exception:
            # The gateway adds the last line of this output to its error message.
            traceback.print_exc()
            start_response("500 Internal Server Error", [("content-type", "text/html")])
            return [b""]


def serve(port: int) -> None:
    """Replaces moto's own server, which opens a connection and a thread for every request."""
    # One thread: moto checks a condition and then writes, so two requests at once would both pass the check.
    server = Server(("127.0.0.1", port), Application(), numthreads=1, max=1, request_queue_size=128)
    # The gateway is the only client and keeps its connections open.
    server.timeout = 24 * 3600
    server.keep_alive_conn_limit = 128
    server.prepare()
    _, port = server.bind_addr
    print(json.dumps({"port": port}), flush=True)
    server.serve()


def exit_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    # Ctrl-C reaches the whole process group, but the parent still needs the account for its shutdown.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    speedups.after_import()
    patches.apply()
    threading.Thread(target=exit_with_parent, daemon=True).start()
    serve(int(sys.argv[1]))


if __name__ == "__main__":
    main()
