"""A pass of one's own through somebody else's model, after which nothing is other than before."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Inside, the model is in evaluation mode and gradients are on, whatever the caller had set; afterwards
    modes, buffers and every generator of random numbers are as they were.

    Recurrent modules stay in training mode with their dropout off, because cuDNN refuses to go back
    through one that is in evaluation mode.
    """
    modes = [(module, module.training) for module in model.modules()]
    dropouts = [(m, m.dropout) for m in model.modules() if isinstance(m, nn.RNNBase)]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    python, numpy = random.getstate(), np.random.get_state()
    fast = torch.backends.mha.get_fastpath_enabled()
    devices = {p.device.index for p in model.parameters() if p.device.type == "cuda"}
    with torch.random.fork_rng(devices=sorted(devices)), torch.inference_mode(False):
        try:
            model.eval()
            for recurrent, _ in dropouts:
                recurrent.train()
                recurrent.dropout = 0.0
            torch.backends.mha.set_fastpath_enabled(
                False
            )  # it would go round the attention modules
            with torch.enable_grad():
                yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            for recurrent, dropout in dropouts:
                recurrent.dropout = dropout
            for module, training in modes:
                module.training = training
            random.setstate(python)
            np.random.set_state(numpy)
            with torch.no_grad():
                for buffer, before in buffers:
                    if not torch.equal(buffer, before):  # a copy counts as a change to autograd
                        buffer.copy_(before)
