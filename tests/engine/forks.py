"""Tests run in copies of the project, each in a process of its own, forked from one that has imported torch.

Started by `tests.engine.mutants`; imports nothing of the project, so that each child finds it in its copy.
A line of stdin is a job, `{"folder": ..., "tests": [...]}`; a line of stdout is a finished one, with the
exit code of its pytest, whose output is in the folder.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

OUTPUT = "output.txt"
_SAYS = ("-x", "-q", "--no-header", "-p", "no:cacheprovider")


def begin(job: dict[str, Any]) -> int:
    """The process that runs a job's tests in its folder."""
    import pytest

    child = os.fork()
    if child:
        return child
    code = 2
    try:
        os.chdir(job["folder"])
        sys.path[0] = os.environ["PYTHONPATH"] = job["folder"]  # and not this file's folder
        output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = int(pytest.main([*_SAYS, *job["tests"]]))
        sys.stdout.flush()
    finally:
        os._exit(code)


def main() -> None:
    """All jobs, as many at once as there are cores."""
    import hypothesis  # noqa: F401
    import numpy  # noqa: F401
    import torch  # noqa: F401

    jobs = [json.loads(line) for line in sys.stdin]
    running: dict[int, str] = {}
    while jobs or running:
        while jobs and len(running) < (os.cpu_count() or 1):
            job = jobs.pop(0)
            running[begin(job)] = job["folder"]
        child, status = os.wait()
        done = {"folder": running.pop(child), "code": os.waitstatus_to_exitcode(status)}
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
