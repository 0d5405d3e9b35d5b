"""The norms of a reading's step Jacobians: recorded, or computed for the rows that are looked at."""

from __future__ import annotations

import numpy as np

from engine import LanguageModel, Trace


class Steps:
    """|ds_t/ds_(t-1)|, the spectral norm, by row and layer, as far as it is known."""

    def __init__(self, trace: Trace, model: LanguageModel | None) -> None:
        self._trace, self._model = trace, model
        self._norms: dict[int, np.ndarray] = {}
        self._asked: set[int] = set()  # rows that are known or being computed
        self._extent = ((-1, 0), (1.0, 1.0))  # of which layer and how many rows, and what it is

    @property
    def _stored(self) -> np.ndarray:
        """(time, layer), as it was recorded; without rows where it was not."""
        stored = self._trace.lenses.get("jacobian_norms")
        return stored["state"].array if stored else np.zeros((0, 1))

    @property
    def possible(self) -> bool:
        """Whether there are norms, or a model to compute them with."""
        return self._model is not None or len(self._stored) > 0

    def norm(self, row: int) -> np.ndarray | None:
        """(layer,) of a row; None where it is not known (yet)."""
        stored = self._stored
        return stored[row] if row < len(stored) else self._norms.get(row)

    def extent(self, layer: int) -> tuple[float, float]:
        """The smallest and the largest norm of a layer known so far; (1, 1) of none."""
        if self._extent[0] != (layer, len(self._norms)):
            known = [*self._stored, *self._norms.values()]
            sizes = np.array([norms[layer] for norms in known])
            sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
            found = (float(sizes.min()), float(sizes.max())) if sizes.size else (1.0, 1.0)
            self._extent = (layer, len(self._norms)), found
        return self._extent[1]

    def missing(self, rows: range) -> list[int]:
        """Those of some rows that `compute` has still to be asked for; each is named only once."""
        if self._model is None:
            return []
        rows = range(rows.start, min(rows.stop, len(self._trace)))
        new = [row for row in rows if row not in self._asked and self.norm(row) is None]
        self._asked.update(new)
        return new

    def compute(self, rows: list[int]) -> None:
        """Compute the norms of some rows, as one batch for a thread."""
        from engine.lenses.jacobian import recurrent, singular_values, step_jacobians

        assert self._model is not None
        layers = range(recurrent(self._model).layers)
        found = [
            singular_values(step_jacobians(self._model, self._trace, layer, rows))[:, 0]
            for layer in layers
        ]
        self._norms.update(zip(rows, np.stack(found, -1), strict=True))
