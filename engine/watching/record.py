"""What a model's recurrent, attention and ReLU modules are given, and the gradient that comes back to them.

It listens only while one pass is recorded, and never touches what it sees: inputs and gradients are
copied, of the first few sequences of the batch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

ITEMS = 8  # sequences of a batch that are looked at
CALLS = 4096  # calls of one module in a pass, the last ones; a loop over a cell makes one a row

Cells = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)
Seen = (nn.RNN, nn.LSTM, nn.GRU, *Cells, nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.ReLU)


@dataclass
class Call:
    """One call of a module.

    Attributes:
        given: what it was given, by name, cut to `ITEMS` sequences and time first: x (T, B, D) and
            h, c (layers, B, H) or None for a recurrent module; (B, D) and (B, H) for a cell.
        lengths: rows of each sequence (B,), where they were packed.
        made: its outputs, as `given`; h of a cell.
        grads: dL/d(output), by output: y (T, B, H), h, c. What is missing is zero.
        weights: its parameters as they were, by name.
        ends: the states that it returned, by whose memory the next call is known to go on. Held until
            then, lest the memory become that of another tensor.
        failed: what went wrong while it was recorded.
    """

    given: dict[str, Any] = field(default_factory=dict)
    lengths: Tensor | None = None
    made: dict[str, Tensor] = field(default_factory=dict)
    grads: dict[str, Tensor] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)
    ends: tuple[Tensor, ...] = ()
    failed: Exception | None = None

    def listen(self, tensor: Tensor, keep: Callable[[Tensor], None]) -> None:
        """Have `keep` called with dL/d(tensor). What goes wrong is kept too: it must not reach the caller's
        own backward pass."""

        def hook(grad: Tensor | None) -> None:
            try:
                if grad is not None:  # one of several outputs, and nothing came back to it
                    keep(grad)
            except Exception as error:
                self.failed = error

        if tensor.requires_grad:
            tensor.register_hook(hook)


class Recorder:
    """Records the calls of all modules of a model that it knows, between `start` and `stop`.

    Attributes:
        modules: name -> module, those that it knows.
        calls: name -> calls of one sequence, in order. A call that does not go on from the state of
            the one before begins a new sequence, and the old one is forgotten.
    """

    def __init__(self, model: nn.Module) -> None:
        self.modules = {name: m for name, m in model.named_modules() if isinstance(m, Seen)}
        self.calls: dict[str, list[Call]] = {}
        self._names = {id(module): name for name, module in self.modules.items()}
        self._hook: Any = None

    def start(self) -> None:
        """Begin to listen.

        By one hook that torch keeps for all modules: a hook of a module's own would be pickled with it,
        copied with it, and keep it from its fast path.
        """
        self.stop()
        self.calls = {}
        self._hook = register_module_forward_hook(self._heard, with_kwargs=True)

    def stop(self) -> None:
        """Listen no more; calls stay."""
        if self._hook:
            self._hook.remove()
        self._hook = None

    def _heard(self, module: nn.Module, args: Any, kwargs: Any, out: Any) -> None:
        name = self._names.get(id(module))
        if name is not None and torch.is_grad_enabled():  # an evaluation is none of our business
            try:
                self._called(name, module, args, kwargs, out)
            except Exception as error:
                self.calls[name] = [Call(failed=error)]

    @property
    def failed(self) -> Exception | None:
        """What went wrong, if anything did; nobody's training was told."""
        every = (call.failed for calls in self.calls.values() for call in calls)
        return next((error for error in every if error), None)

    def _called(self, name: str, module: nn.Module, args: Any, kwargs: Any, out: Any) -> None:
        call = Call()
        if isinstance(module, nn.RNNBase):
            before = _recurrent(call, module, args, kwargs, out)
        elif isinstance(module, Cells):
            before = _cell(call, module, args, kwargs, out)
        elif isinstance(module, nn.MultiheadAttention):
            before = _attention(call, module, args, kwargs)
        else:
            before = _rows(call, module, args, kwargs, out)
        earlier = self.calls.get(name, [])
        goes_on = bool(earlier) and bool(before & {end.data_ptr() for end in earlier[-1].ends})
        if not isinstance(module, (nn.ReLU, nn.TransformerEncoderLayer)):
            call.weights = earlier[-1].weights if goes_on else _weights(module)
        if goes_on:
            earlier[-1].ends = ()
            earlier.append(call)
            del earlier[:-CALLS]
        else:
            self.calls[name] = [call]


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def _recurrent(call: Call, module: nn.RNNBase, args: Any, kwargs: Any, out: Any) -> set[int]:
    """x (T, B, D) and states (layers, B, H), whatever the caller's form of a batch was."""
    x, hx = _arguments(("input", "hx"), args, kwargs)
    y, states = out
    packed = isinstance(y, PackedSequence)
    alone = not packed and y.dim() == 2  # one sequence without a batch
    if isinstance(x, PackedSequence):
        padded, lengths = pad_packed_sequence(x)
        call.lengths = lengths[:ITEMS].to(padded.device)
        call.given["x"] = padded.detach()[:, :ITEMS].clone()
    else:
        call.given["x"] = _time_first(x.detach(), module.batch_first, alone).clone()

    def keep_y(grad: Tensor) -> None:
        if packed:  # the rows of all sequences in one: padded again, then as any other
            grad, _ = pad_packed_sequence(y._replace(data=grad.detach()))
            call.grads["y"] = grad[:, :ITEMS].clone()
        else:
            call.grads["y"] = _time_first(grad.detach(), module.batch_first, alone).clone()

    call.listen(y.data if packed else y, keep_y)
    after = states if isinstance(states, tuple) else (states,)
    before = hx if isinstance(hx, tuple) else (hx,) * len(after)
    for which, given, made in zip("hc", before, after, strict=False):
        call.given[which] = None if given is None else _states(given.detach(), alone).clone()

        def keep(grad: Tensor, which: str = which) -> None:
            call.grads[which] = _states(grad.detach(), alone).clone()

        call.listen(made, keep)
    call.ends = tuple(made.detach() for made in after)
    return {given.data_ptr() for given in before if given is not None}


def _cell(call: Call, module: nn.Module, args: Any, kwargs: Any, out: Any) -> set[int]:
    """One row: its states hang in the caller's own graph, so their gradient is the whole one."""
    x, hx = _arguments(("input", "hx"), args, kwargs)
    alone = x.dim() == 1
    call.given["x"] = _batch(x.detach(), alone).clone()
    after = out if isinstance(out, tuple) else (out,)
    before = hx if isinstance(hx, tuple) else (hx,) * len(after)
    for which, given, made in zip("hc", before, after, strict=False):
        call.given[which] = None if given is None else _batch(given.detach(), alone).clone()
        call.made[which] = _batch(made.detach(), alone).clone()

        def keep(grad: Tensor, which: str = which) -> None:
            call.grads[which] = _batch(grad.detach(), alone).clone()

        call.listen(made, keep)
    call.ends = tuple(made.detach() for made in after)
    return {given.data_ptr() for given in before if given is not None}


def _attention(call: Call, module: nn.MultiheadAttention, args: Any, kwargs: Any) -> set[int]:
    """q, k (T, B, D) and the masks as they were given."""
    names = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask")
    query, key, _, padding, _, mask = _arguments(names, args, kwargs)
    alone = query.dim() == 2
    for name, value in (("q", query), ("k", key)):
        call.given[name] = _time_first(value.detach(), module.batch_first, alone).clone()
    if padding is not None:
        call.given["padding"] = (padding[None] if alone else padding[:ITEMS]).detach().clone()
    if mask is not None:  # (T, S), or one for each head of each sequence (B heads, T, S)
        call.given["mask"] = (mask if mask.dim() == 2 else mask[: ITEMS * module.num_heads]).clone()
    return set()


def _rows(call: Call, module: nn.Module, args: Any, kwargs: Any, out: Tensor) -> set[int]:
    """The output of a Transformer layer (T, B, D), or of a ReLU as it comes, and its gradient."""
    if isinstance(module, nn.ReLU):
        call.made["y"] = (out.detach()[:ITEMS] > 0).clone()
        return set()
    assert isinstance(module, nn.TransformerEncoderLayer)
    batch_first, alone = module.self_attn.batch_first, out.dim() == 2
    call.given["x"] = _time_first(out.detach(), batch_first, alone)

    def keep(grad: Tensor) -> None:
        call.grads["y"] = _time_first(grad.detach(), batch_first, alone).clone()

    call.listen(out, keep)
    return set()


def _arguments(names: tuple[str, ...], args: Any, kwargs: Any) -> Iterator[Any]:
    """Arguments by position or by name; None for what was left out."""
    return (args[i] if i < len(args) else kwargs.get(name) for i, name in enumerate(names))


def _time_first(x: Tensor, batch_first: bool, alone: bool) -> Tensor:
    """(T, at most ITEMS, D) of (T, B, D), (B, T, D) or (T, D)."""
    if alone:
        return x[:, None]
    return x[:ITEMS].transpose(0, 1) if batch_first else x[:, :ITEMS]


def _states(h: Tensor, alone: bool) -> Tensor:
    """(layers, at most ITEMS, H) of (layers, B, H) or (layers, H)."""
    return h[:, None] if alone else h[:, :ITEMS]


def _batch(x: Tensor, alone: bool) -> Tensor:
    """(at most ITEMS, H) of (B, H) or (H,)."""
    return x[None] if alone else x[:ITEMS]
