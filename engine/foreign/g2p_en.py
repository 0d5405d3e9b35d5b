"""g2p-en: letters to phonemes, a GRU encoder-decoder without attention (Park & Kim, PyPI `g2p-en`, 2.x).

Its weights lie in the installed package as `checkpoint20.npz`. They are read as plain arrays, and the
package is never imported: that would download data. What the package does around them (dictionary look-up,
numbers, homographs) is left out; a word goes straight to the network, as its `predict` does.

Two differences of form, none in what is computed:

- One vocabulary holds its letters and its phonemes, which are in capitals. Its </s> that ends a source has
  the row that its encoder reads, which its decoder never does; with <pad> it is the other way round. An
  unknown letter is <unk>, an unknown phoneme <UNK>.
- What only a source has (letters, <unk>) cannot be written: weights 0 and a bias of -10,000 in the readout,
  so that their probability is 0 in any precision.
"""

# ruff: noqa: SIM905 (lists of phonemes read better as text)

from __future__ import annotations

import importlib.metadata
import importlib.util
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from engine import parse
from engine.errors import PeepholeError
from engine.models import LanguageModel
from engine.models.encoder_decoder import EncoderDecoder
from engine.text import SPECIAL

ABOUT = "English spelling to sound through one vector: GRU, 256 units, trained by others (Park & Kim 2018)"
PACKAGE, MODULE, FILE = "g2p-en", "g2p_en", "checkpoint20.npz"
_PYTHON = Path(sys.executable)  # may have no pip of its own: run.py makes it without
_HERE = _PYTHON.relative_to(Path.cwd()) if _PYTHON.is_relative_to(Path.cwd()) else _PYTHON
INSTALL = f"Install it: python3 -m pip --python {shlex.quote(str(_HERE))} install {PACKAGE}"
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
PHONEMES = tuple(
    (
        "AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 AY2 B CH D DH EH0 EH1 EH2 "
        "ER0 ER1 ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M N NG OW0 OW1 OW2 OY0 OY1 OY2 P R S "
        "SH T TH UH0 UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH"
    ).split()
)
# the rows of its two embeddings, and of its readout
READ = ("<pad>", "<unk>", "</s>", *LETTERS)
WRITTEN = ("<pad>", "<UNK>", "<s>", "</s>", *PHONEMES)
WORDS = (*SPECIAL, "<unk>", *LETTERS, "<UNK>", *PHONEMES)
NEVER = -1e4  # nats
WIDTH = 256


def load() -> LanguageModel:
    """The model, float32 on NumPy.

    Raises:
        PeepholeError: the package is not installed, or its weights are not those that this reads.
    """
    path = checkpoint()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise PeepholeError(
            f"not the weights of {PACKAGE} ({str(error).splitlines()[0]})",
            where=str(path),
            do=INSTALL,
        ) from None
    version = importlib.metadata.version(PACKAGE)
    return converted(arrays, version, str(path))


def checkpoint() -> Path:
    """Where the weights are.

    Raises:
        PeepholeError: the package is not installed.
    """
    spec = importlib.util.find_spec(MODULE)  # finds a package without running it
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / FILE).is_file():
            return path
    raise PeepholeError(f"{PACKAGE} is not installed: its weights are read from there", do=INSTALL)


def converted(
    arrays: Mapping[str, np.ndarray], version: str = "", where: str = ""
) -> LanguageModel:
    """The model from the checkpoint's arrays, in torch's layout: (3H, D), (3H, H), (3H,).

    Raises:
        PeepholeError: an array is missing, has another shape, or is not of finite numbers.
    """
    expected = {
        **{f"{side}_emb": (len(words), WIDTH) for side, words in (("enc", READ), ("dec", WRITTEN))},
        **{
            f"{side}_w_{part}": (3 * WIDTH, WIDTH)
            for side in ("enc", "dec")
            for part in ("ih", "hh")
        },
        **{f"{side}_b_{part}": (3 * WIDTH,) for side in ("enc", "dec") for part in ("ih", "hh")},
        **{"fc_w": (len(WRITTEN), WIDTH), "fc_b": (len(WRITTEN),)},
    }
    for name, shape in expected.items():
        if name not in arrays or arrays[name].shape != shape or arrays[name].dtype.kind != "f":
            found = arrays[name].shape if name in arrays else "missing"
            raise PeepholeError(
                f"not the weights of {PACKAGE} 2.x: {name} is {found}, not {shape}",
                where=where,
                do=INSTALL,
            )
    architecture = EncoderDecoder("gru", len(WORDS), WIDTH, WIDTH, letters=True)
    table = {word: arrays["dec_emb"][row] for row, word in enumerate(WRITTEN)}
    table |= {word: arrays["enc_emb"][row] for row, word in enumerate(READ) if word != "<pad>"}
    readout = {word: (arrays["fc_w"][row], arrays["fc_b"][row]) for row, word in enumerate(WRITTEN)}
    never = (np.zeros(WIDTH, np.float32), np.float32(NEVER))
    params = {
        "E": np.stack([table[word] for word in WORDS]),
        "W_hy": np.stack([readout.get(word, never)[0] for word in WORDS], axis=1),
        "b_y": np.array([readout.get(word, never)[1] for word in WORDS]),
    }
    for side, stack in (("enc", "encoder"), ("dec", "decoder")):
        for part, name in (("ih", "xh"), ("hh", "hh")):  # gates stand in torch's order, as ours
            params[f"{stack}.0.W_{name}"] = np.ascontiguousarray(arrays[f"{side}_w_{part}"].T)
            params[f"{stack}.0.b_{name}"] = arrays[f"{side}_b_{part}"]
    card = {
        "title": ABOUT,
        "trained": f"by the authors of the package {PACKAGE} {version}, not by peephole".replace(
            "  ", " "
        ),
        "license": "Apache-2.0",
        "parameters": sum(
            arrays[name].size for name in expected
        ),  # before vocabularies were joined
    }
    content = {
        "architecture": asdict(architecture),
        "vocabulary": list(WORDS),
        "name": PACKAGE,
        "card": card,
    }
    return parse.model(params, content)
