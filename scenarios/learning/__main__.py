"""`python -m scenarios.learning RUN [--paused]`: train the run in a folder, driven by stdin."""

import sys

from scenarios.learning import one_thread


def run() -> int:
    one_thread()
    from scenarios.learning.worker import main

    *options, path = sys.argv[1:] or [""]
    return main(path, "--paused" in options, sys.stdin.fileno(), sys.stdout)


sys.exit(run())
