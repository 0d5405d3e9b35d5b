"""What each exported number is: one line a track. `--list` and docs/exporting.md say it in these words."""

from __future__ import annotations

MEANINGS: dict[str, tuple[str, str, str]] = {
    "x": ("time, input", "",
        "what the first layer reads of the row's token: its vector, with the position's where "
        "there is one"),
    "h": ("time, layer, unit", "",
        "state of the unit after the row's token; of a Transformer the stream after the block. "
        "Of a net that reads both ways the first half of the units reads forwards, the second "
        "backwards"),
    "c": ("time, layer, unit", "",
        "LSTM: cell state, c = f c' + i g"),
    "i": ("time, layer, unit", "",
        "LSTM: input gate, how much of g is written (0 none, 1 all)"),
    "f": ("time, layer, unit", "",
        "LSTM: forget gate, how much of c' is kept (0 none, 1 all)"),
    "o": ("time, layer, unit", "",
        "LSTM: output gate, how much of tanh(c) is shown as h"),
    "g": ("time, layer, unit", "",
        "LSTM: candidate, tanh"),
    "r": ("time, layer, unit", "",
        "GRU: reset gate, how much of h' the candidate sees"),
    "z": ("time, layer, unit", "",
        "GRU: update gate, how much of h' is kept (torch's form: 1 - z writes n)"),
    "n": ("time, layer, unit", "",
        "GRU: candidate, tanh"),
    "q": ("time, layer, head, dim", "",
        "self-attention: query of the row"),
    "k": ("time, layer, head, dim", "",
        "self-attention: key of the row"),
    "v": ("time, layer, head, dim", "",
        "self-attention: value of the row"),
    "scores": ("time, layer, head, key", "",
        "self-attention: score of row t for row key, before the softmax; -inf where it cannot "
        "look"),
    "weights": ("time, layer, head, key", "",
        "self-attention: share with which row t looks at row key; a row sums to 1"),
    "context": ("time, layer, head, dim", "",
        "self-attention: what the row has looked up, the sum of weights times v"),
    "cross_q": ("time, layer, head, dim", "",
        "cross-attention: query of a target's row"),
    "cross_k": ("time, layer, head, dim", "",
        "cross-attention: key of a source's row"),
    "cross_v": ("time, layer, head, dim", "",
        "cross-attention: value of a source's row"),
    "cross_scores": ("time, layer, head, key", "",
        "cross-attention: score of target row t for source row key; -inf where it cannot look"),
    "cross_weights": ("time, layer, head, key", "",
        "cross-attention: share with which target row t looks at source row key, while it "
        "predicts the token of row t + 1"),
    "cross_context": ("time, layer, head, dim", "",
        "cross-attention: what the target's row has looked up in the source"),
    "cross_position": ("time, layer, head", "",
        "local attention: the row of the source in the middle of the window, from 0"),
    "a": ("time, layer, unit", "",
        "what self-attention adds to the stream in this block"),
    "b": ("time, layer, unit", "",
        "what cross-attention adds to the stream in this block"),
    "m": ("time, layer, unit", "",
        "what the feed-forward net adds to the stream in this block"),
    "h_tilde": ("time, layer, unit", "",
        "attentional state, tanh(W_c [context ; h]), which the prediction is read from"),
    "logits": ("time, word", "",
        "scores of the words for the token of row t + 1 (labels: of row t), before the softmax"),
    "probabilities": ("time, word", "probability",
        "p(word) of the token of row t + 1 (labels: of row t): softmax of the logits"),
    "surprisal.bits": ("time", "bits",
        "-log2 p of the row's own token, which row t - 1 predicted"),
    "top_k.ids": ("time, rank", "",
        "the likeliest words for row t + 1 (labels: of row t), as places in `vocabulary`"),
    "top_k.p": ("time, rank", "probability",
        "their probabilities"),
    "gate_statistics.*.mean": ("time, layer", "gate value",
        "mean of the gate over the units"),
    "gate_statistics.*.shut": ("time, layer", "fraction of units",
        "units whose gate is below 0.1"),
    "gate_statistics.*.open": ("time, layer", "fraction of units",
        "units whose gate is above 0.9"),
    "attention_entropy.bits": ("time, layer, head", "bits",
        "entropy of a row's self-attention: 0 is one row alone, log2(n) all n alike"),
    "attention_entropy.cross_bits": ("time, layer, head", "bits",
        "the same of a target's row over its source; 0 in rows of a source"),
    "rollout.weights": ("time, layer, key", "share",
        "share of input row key in row t: (A + I)/2 multiplied up from the first layer, A the mean "
        "over heads (Abnar & Zuidema 2020)"),
    "residual_norms.stream": ("time, depth", "",
        "length of the stream: depth 0 is x, depth l is after the l-th block"),
    "residual_norms.*": ("time, layer", "",
        "length of what the part (a, b or m) adds to the stream"),
    "residual_norms.*.cosine": ("time, layer", "cosine",
        "of what the part adds with the stream just before it is added: 1 longer, 0 new, < 0 takes "
        "away"),
    "logit_lens.p": ("time, depth", "probability",
        "p of the model's final word for row t + 1, were it read off at this depth (by the last "
        "norm and W_hy, as after the last block)"),
    "logit_lens.rank": ("time, depth", "",
        "that word's rank at this depth, from 1; 0 in rows that predict nothing"),
    "logit_lens.ids": ("time, depth", "",
        "the likeliest word at this depth, as a place in `vocabulary`; -1 is none"),
    "logit_lens.top": ("time, depth", "probability",
        "its probability"),
    "saturation.*": ("time, layer, unit", "slope",
        "slope of the tanh (or ReLU) of this value: 1 steep, 0 flat, where no gradient passes"),
    "saturation.*.saturated": ("time, layer", "fraction of units",
        "units whose slope is below 0.19, |tanh| above 0.9 (ReLU: those that are off)"),
    "jacobian_norms.state": ("time, layer", "",
        "spectral norm of ds_t/ds_(t-1), one layer's step: < 1 shrinks every change; s is all "
        "that is carried (an LSTM: h and c)"),
    "spectrum.norm": ("time, layer", "",
        "of ds_t/ds_(t-1): the largest singular value, as jacobian_norms.state"),
    "spectrum.radius": ("time, layer", "",
        "of ds_t/ds_(t-1): the spectral radius, the largest |eigenvalue|"),
    "spectrum.singular": ("time, layer, rank", "",
        "of ds_t/ds_(t-1): the largest singular values, largest first"),
    "spectrum.real": ("time, layer, rank", "",
        "of ds_t/ds_(t-1): real parts of the eigenvalues, largest |eigenvalue| first"),
    "spectrum.imag": ("time, layer, rank", "",
        "of ds_t/ds_(t-1): their imaginary parts"),
    "product_norms.norm": ("time, layer", "",
        "spectral norm of ds_T/ds_t, T the last row: how much of a change at row t is left "
        "there"),
    "product_norms.frobenius": ("time, layer", "",
        "of ds_T/ds_t: root of the sum of the squares"),
    "product_norms.log10": ("time, layer", "",
        "log10 of the norm, right also where it is too small for a number"),
    "product_norms.factor": ("time, layer", "",
        "mean factor a step, norm^(1/(T - t)); none at T itself"),
    "gradient_map.x": ("time, source", "|dL/dx|, nats",
        "length of dL_t/dx_k, L_t = -ln p of row t's token (labels: of its label), k the row "
        "source"),
    "gradient_map.h": ("time, source, layer", "|dL/dh|, nats",
        "length of dL_t/dh_k, the same by the state of row k; 0 where nothing leads from k to "
        "L_t"),
    "gradient_map.c": ("time, source, layer", "|dL/dc|, nats",
        "length of dL_t/dc_k, the same by the cell state of row k"),
    "lag_shares.norm": ("time, source, layer", "|dL/dW_hh|, nats",
        "length of the part of dL_t/dW_hh that comes from row source"),
    "lag_shares.share": ("time, source, layer", "share, signed",
        "that part along the whole of dL_t/dW_hh; from row 2 on a row sums to 1 (at row 1 the only "
        "state before is 0), < 0 works against the rest"),
    "lag_shares.total": ("time, layer", "|dL/dW_hh|, nats",
        "length of the whole of dL_t/dW_hh"),
    "decoding.before": ("step, word", "probability",
        "p of each word before it is cut; step s writes row first + s (`about`: decoding)"),
    "decoding.after": ("step, word", "probability",
        "p of each word that is drawn from: temperature, top-k and top-p have acted"),
    "decoding.kept": ("step, word", "",
        "1 for a word that is still in after the cut, else 0"),
    "decoding.chosen": ("step", "",
        "the word written, as a place in `vocabulary`"),
    "decoding.draw": ("step", "",
        "the number drawn, 0 to 1; none where nothing was drawn"),
    "search.token": ("step, candidate", "",
        "beam search: the candidate's word, as a place in `vocabulary`; -1 is no candidate"),
    "search.parent": ("step, candidate", "",
        "the candidate of the step before that it goes on from; -1 in step 0"),
    "search.p": ("step, candidate", "probability",
        "p of the word after its parent"),
    "search.log_p": ("step, candidate", "nats",
        "ln p of all words of the hypothesis so far"),
    "search.score": ("step, candidate", "nats",
        "log_p over the length penalty, by which candidates are compared"),
    "search.fate": ("step, candidate", "",
        "0 pruned, 1 kept in the beam, 2 finished (it wrote the end)"),
    "search.chosen": ("step, candidate", "",
        "1 on the hypothesis that won, else 0"),
}  # fmt: skip
"""Track -> its axes, its unit and what it is; * stands for the name of a value (`gate_statistics.f.mean`)."""


def meaning(name: str) -> str:
    """What a track is; nothing for one that only a trace from elsewhere has."""
    known = MEANINGS.get(name) or MEANINGS.get(general(name))
    return known[2] if known else ""


def general(name: str) -> str:
    """`gate_statistics.f.mean` as `gate_statistics.*.mean`."""
    lens, _, result = name.partition(".")
    _, dot, rest = result.partition(".")
    return f"{lens}.*{dot}{rest}"


def table() -> str:
    """All of them as the table of docs/exporting.md."""
    rows = ["| track | what it is | axes | unit |", "|---|---|---|---|"]
    for name, (axes, unit, what) in MEANINGS.items():
        rows.append(f"| `{name}` | {_cell(what)} | {axes} | {_cell(unit)} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    for sign in "|*<":
        text = text.replace(sign, f"\\{sign}")
    return text


if __name__ == "__main__":
    print(table())
