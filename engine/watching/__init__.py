"""A doctor for anybody's PyTorch training: two lines in a loop, and a run folder to look at.

    from engine import watch

    doctor = watch(model, "runs/mine")                  # before the loop
    ...
        loss.backward()
        doctor.step(loss)                               # once an update
        optimizer.step()

`peephole watch runs/mine` follows it in another terminal. Recurrent modules (`nn.RNN`, `nn.LSTM`,
`nn.GRU` and the cells that a loop steps), `nn.MultiheadAttention`, `nn.TransformerEncoderLayer` and
`nn.ReLU` are found inside any module. Watching changes nothing of the training, and an error in it ends
the watching only.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import PeepholeError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.watching.doctor import Doctor


def watch(
    model: nn.Module,
    run: str | Path,
    probe: Callable[[], Tensor] | None = None,
    every: int = 100,
) -> Doctor:
    """Watch a model learn; call `step(loss)` of what it returns once an update.

    Args:
        model: what is trained, on its device. Give the module itself, not a wrapper that runs it elsewhere.
        run: the folder to write. Where there is one already, the next free number is put behind its name.
        probe: returns the loss of a fixed batch, `lambda: criterion(model(x), y)`. It runs in evaluation
            mode and leaves weights, gradients, buffers and random numbers alone. Without it, one pass
            of the training itself is looked at each time: no extra pass, but another batch each time,
            a gradient that a `GradScaler` has scaled, and dropout between the layers of a recurrent
            module counted as if it were off.
        every: updates between two probes.

    Raises:
        PeepholeError: there is no torch; the model is no module; `every` is below 1.
    """
    try:
        import torch
    except ImportError:
        from engine.extras import install

        raise PeepholeError("watching needs PyTorch", do=install("torch")) from None
    from engine.learning.config import Config, Every
    from engine.watching.doctor import Doctor

    if not isinstance(model, torch.nn.Module):
        raise PeepholeError(
            f"watches a torch.nn.Module, not a {type(model).__name__}",
            where="watch", do="Give the model first: watch(model, 'runs/mine')",
        )  # fmt: skip
    if every < 1:
        raise PeepholeError("`every` counts updates, from 1", where="watch")
    config = Config(
        name=Path(run).name,
        kind="watch",
        recipe={"parameters": sum(p.numel() for p in model.parameters())},
        backend={
            "name": "torch",
            "device": str(next((p.device for p in model.parameters()), "cpu")),
        },
        every=Every(probe=every),
        command=shlex.join(["python", *sys.argv])[:4000],
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
        versions={"torch": str(torch.__version__)},
    )
    return Doctor(model, Path(run), config, probe)
