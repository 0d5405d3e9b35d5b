"""What the engine can build, by name: a dict of small specs, loaded when asked for."""

from __future__ import annotations

import importlib
from typing import Any

from engine.errors import PeepholeError, did_you_mean

CELLS = {
    "elman": "engine.cells.elman",
    "relu": "engine.cells.relu",
    "linear": "engine.cells.linear",
    "lstm": "engine.cells.lstm",
    "gru": "engine.cells.gru",
}
NETWORKS = ("rnn", "relu", "linear", "lstm", "gru", "transformer")  # as a user names them
NETWORK = {"elman": "rnn"}  # a cell's network, where it is called otherwise than the cell
ARCHITECTURES = {
    "recurrent": "engine.models.recurrent:RecurrentLM",
    "transformer": "engine.models.transformer:TransformerLM",
    "bidirectional": "engine.models.bidirectional:BidirectionalTagger",
    "encoder": "engine.models.encoder:EncoderTagger",
    "encoder-decoder": "engine.models.encoder_decoder:EncoderDecoder",
    "seq2seq-transformer": "engine.models.seq2seq:Seq2SeqTransformer",
}


def cell_of(network: str) -> str:
    """The cell that a network's layers are of, by its name in CELLS."""
    return {named: cell for cell, named in NETWORK.items()}.get(network, network)


def load(table: dict[str, str], name: str, kind: str) -> Any:
    """The module or object that `name` stands for in one of the tables above.

    Raises:
        PeepholeError: the name is not in the table; the message names the nearest ones.
    """
    if name not in table:
        raise PeepholeError(f"no {kind} {name!r}", do=did_you_mean(name, table))
    module, _, attribute = table[name].partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded
