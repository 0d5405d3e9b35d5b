"""`python -m tests.benchmarks [NAME ...]`: run the benchmarks (or those named) and print the figures."""

from __future__ import annotations

import importlib
import os
import sys

from tests.benchmarks.timing import HEAD

for library in ("OMP", "OPENBLAS", "MKL"):  # one thread for both sides; read when NumPy is imported
    os.environ[f"{library}_NUM_THREADS"] = "1"

NAMES = ("cells", "gradients", "pairs", "screen", "training", "watching")

if __name__ == "__main__":
    print(HEAD)
    for name in sys.argv[1:] or NAMES:
        for figure in importlib.import_module(f"tests.benchmarks.{name}").main():
            print(figure, flush=True)
