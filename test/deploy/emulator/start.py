"""Runs MiniStack with the corrections of corrections.py, or without them if GROUNDCREW_PLAIN is set."""

import os
import signal
import threading

from ministack.app import main


def stop_with_parent():
    """Stops when the process that started this one closes standard input, or dies."""

    def wait():
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    stop_with_parent()
    if "GROUNDCREW_PLAIN" not in os.environ:
        import corrections

        corrections.correct_all(os.environ["GROUNDCREW_FILE_SYSTEMS"])
    main()
