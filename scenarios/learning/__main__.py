"""`python -m scenarios.learning RUN [--paused]`: train the run in a folder, driven by stdin."""

import sys

from scenarios.learning import keep_memory, one_thread


def run() -> int:
    one_thread()
    keep_memory()
    from scenarios.learning.worker import main

    asked = sys.argv[1:]
    path = next((word for word in asked if word != "--paused"), "")
    return main(path, "--paused" in asked, sys.stdin.fileno(), sys.stdout)


sys.exit(run())
