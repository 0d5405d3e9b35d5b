"""What goes on inside: spectral radius of W_hh, gates and saturation over the updates."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from engine.learning import derived
from engine.learning.metrics import Layer, Probe
from tui.learning.live import LiveRun
from tui.learning.panels.base import Panel, Words
from tui.learning.panels.through_time import layer_of
from tui.learning.plot import Curve, Level, Plot, ink, linear
from tui.views.plain import plain

SATURATED, ENTROPY = "s", "e"
MEANING = {"f": "forget gate open", "z": "update gate open", SATURATED: "saturated units",
           ENTROPY: "attention entropy / highest"}  # fmt: skip


class InsidePanel(Panel):
    """Two plots: the radius, and everything that lies between 0 and 1."""

    KIND, NUMBER, NAME = "inside", "4", "inside the cell"
    HELP = """\
# Inside the cell

Measured at every probe, over updates.

* **Spectral radius** of W_hh, the largest absolute eigenvalue of the recurrent matrix (for a gated cell that
  of the candidate's block). Of a *linear* network it decides: below 1 gradients vanish, above 1 they
  explode. With tanh and gates, saturation and openness shrink them further (Pascanu et al. 2013).
* **Gates**: the mean openness of each gate, 0 shut and 1 open, with its letter (`f` forget, `i` input, `o`
  output; `r` reset, `z` update: in torch's form z *keeps*). Below: the shares of values under 0.1 (shut) and
  above 0.9 (open). A cell state is kept, and its gradient too, as far as `f` is near 1.
* **Saturation** `s`: share of hidden values beyond ±0.9, where 1 - h² is below 0.19 and little gradient
  passes tanh.
* A Transformer has neither: `e` is the mean entropy of its attention in nats as a share of the highest
  possible one, ln of the number of keys (1 looks at everything alike, 0 at one row only).

Two runs in one plot: the forget (or update) gate only, with the runs' letters. `l` chooses a layer.
"""
    DEFAULT_CSS = """
    InsidePanel > Container { layout: horizontal; height: 1fr; }
    InsidePanel > Container.-stacked { layout: vertical; }
    """

    def made_of(self) -> tuple[object, ...]:
        return (*super().made_of(), *(len(run.metrics.probes) for run in self.desk.runs))

    def body(self) -> ComposeResult:
        with Container():
            yield Plot()
            yield Plot()

    def title(self) -> str:
        layers = self._layers(self.runs[0])
        several = max((len(p.layers) for p in self.runs[0].metrics.probes), default=1) > 1
        where = layers[-1][1].name if several and layers else "over updates"
        return f"{self._names(layers[-1][1]) if layers else self.NAME} · {where}"

    def _names(self, layer: Layer) -> str:
        """What is there, and so drawn: a plain net has no gates, a Transformer has attention alone."""
        names = {
            "spectral radius": bool(layer.radius),
            "gates": bool(layer.gates),
            "saturation": layer.saturated == layer.saturated,
        }
        return ", ".join(name for name, there in names.items() if there) or "attention entropy"

    def _layers(self, run: LiveRun) -> list[tuple[Probe, Layer]]:
        probes = run.probes(self.desk.shown(run))
        return [(p, x) for p in probes if (x := layer_of(p, self.desk.layer)) is not None]

    def draw(self) -> None:
        self.query_one(Container).set_class(self.tall, "-stacked")
        radius, shares = self.query(Plot)
        radii = [self._radius(run) for run in self.runs]
        radius.display = any(len(curve.x) for curve in radii)
        tops = [float(v) for run in self.desk.runs for v in self._radius(run).y if v == v]
        top = derived.ceiling(max([1.0, *tops]) * 1.15)  # room for the caption
        one = [Level(1.0, "1")]
        until, at = self.desk.until, self.desk.at
        block = next((radius_of(x)[0] for _, x in self._layers(self.runs[0])), "")
        captions = (f"spectral radius of W_{block}", "spectral radius", "radius")
        radius.draw(self.palette, radii, linear(0.0, top), until, at, one, captions)
        curves = [c for run in self.runs for c in self._shares(run, len(self.runs) > 1)]
        names = dict.fromkeys(MEANING[c.name] for c in curves if c.name in MEANING)
        said = ", ".join(names)
        entropy = MEANING[ENTROPY]
        alone = (entropy,) if said == entropy else ()
        what = (said, said.removesuffix(" open"), said[:1]) if len(self.runs) > 1 else alone
        shares.draw(self.palette, curves, linear(0.0, 1.0), until, at, captions=what, below=True)

    def _radius(self, run: LiveRun) -> Curve:
        layers = self._layers(run)
        values = [radius_of(layer)[1] for _, layer in layers]
        known = [(p.update, v) for (p, _), v in zip(layers, values, strict=True) if v == v]
        (letter,) = self.desk.letters([run])
        return Curve(
            letter or self.palette.glyph("ρ", "r"),
            [u for u, _ in known],
            [v for _, v in known],
            self.ink(run),
        )

    def _shares(self, run: LiveRun, together: bool) -> list[Curve]:
        """Gates, saturation or attention's entropy; one curve a run where runs share the plot."""
        layers = self._layers(run)
        series: dict[str, tuple[list[int], list[float]]] = {}
        for probe, layer in layers:
            found = {name: gate.mean for name, gate in layer.gates.items()}
            found[SATURATED] = layer.saturated
            entropy = derived.evenness(probe.attention)
            if entropy is not None:
                found = {ENTROPY: entropy}
            for name, value in found.items():
                if value == value:
                    series.setdefault(name, ([], []))
                    series[name][0].append(probe.update)
                    series[name][1].append(value)
        if together:
            name = next((n for n in ("f", "z", ENTROPY, SATURATED) if n in series), "")
            series = {name: series[name]} if name else {}
            return [Curve(run.letter, x, y, self.ink(run), name) for x, y in series.values()]
        dark = self.desk.dark
        return [
            Curve(name, x, y, ink(self.palette, dark, 2 + i))
            for i, (name, (x, y)) in enumerate(series.items())
        ]

    def words(self) -> Words:
        known = [(run, layers[-1]) for run in self.runs if (layers := self._layers(run))]
        if not known:
            return [(" nothing was measured yet", "muted")]
        updates = {probe.update for _, (probe, _) in known}
        at = f" · at update {updates.pop()}" if len(updates) == 1 else ""
        for detail, when in ((3, at), (2, at), (1, at), (1, ""), (0, at)):
            parts = [self._said(run, probe, layer, detail, not at) for run, (probe, layer) in known]
            said = "  ".join(parts)
            if (
                len(plain(f" {said}{when}") if self.palette.ascii else f" {said}{when}")
                <= self.size.width
            ):
                break
        return [(f" {said}", "text"), (when, "muted")]

    def _said(self, run: LiveRun, probe: Probe, layer: Layer, detail: int, dated: bool) -> str:
        """The newest numbers of a run, from 3 (with what is shut and open) down to 0 (the first alone)."""
        block, value = radius_of(layer)
        several, rho = len(self.runs) > 1, self.palette.glyph("ρ", "rho")
        said = (
            [f"{rho} {value:.2f}" if several else f"{rho}({block}) {value:.2f}"]
            if value == value
            else []
        )
        for name, gate in layer.gates.items():
            if several and name not in MEANING:
                continue  # its curve is not shown either
            more = f" ({gate.shut:.0%} shut, {gate.open:.0%} open)" if detail > 2 else ""
            said.append(f"{name} {gate.mean:.2f}{more}")
        if layer.saturated == layer.saturated and not (several and layer.gates):
            said.append(f"{SATURATED} {layer.saturated:.0%}")
        if (entropy := derived.evenness(probe.attention)) is not None:
            nats, most = derived.entropies(probe.attention)
            more = (
                f" (attention entropy {nats:.2f} of at most {most:.2f} nats)" if detail > 1 else ""
            )
            said.append(f"{ENTROPY} {entropy:.2f}{more}")
        letter = f"{run.letter}: " if len(self.desk.runs) > 1 else ""
        when = f"update {probe.update}: " if dated else ""
        return letter + when + " · ".join(said[: None if detail else 1])


def radius_of(layer: Layer) -> tuple[str, float]:
    """The block of W_hh that makes the new state, and its spectral radius; NaN where it has none."""
    for block in ("hh", "g", "n"):  # of a plain net, an LSTM, a GRU
        if block in layer.radius:
            return block, layer.radius[block]
    return next(iter(layer.radius.items()), ("", float("nan")))
