"""The small language of measures and claims: `log_odds(lstm, 'were', 'were', 'was') > 3 * gap`.

It has numbers, words in quotes, names (lanes, measures, `here`), + - * / **, comparisons, and / or /
not, and calls of the functions in `scenarios.measures`. Python's parser reads it and nothing of Python
runs it: whatever is not in this file is refused.
"""

from __future__ import annotations

import ast
import inspect
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine.errors import PeepholeError, did_you_mean

LONGEST = 400  # characters; also keeps the parser's recursion small
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: lambda a, b: float(a) ** float(b),
}
_COMPARE: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
}
_NODES = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.USub, ast.Not, ast.BoolOp, ast.And, ast.Or),
    *(ast.Compare, ast.Call, ast.keyword, ast.Constant, ast.Name, ast.Load),
    *_BINARY,
    *_COMPARE,
)


class WordError(PeepholeError):
    """A mistake in an expression; `word` is the part of its text that is meant, `more` are others in it."""

    def __init__(self, what: str, word: str, do: str = "") -> None:
        self.word, self.more = word, list[WordError]()
        super().__init__(what, do=do)


@dataclass(frozen=True)
class Expression:
    """A parsed measure or claim."""

    text: str
    tree: ast.expr

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name in it that is not a function's."""
        nodes = list(ast.walk(self.tree))
        called = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
        return frozenset(n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in called)

    @property
    def calls(self) -> bool:
        """Whether it measures anything by itself."""
        return any(isinstance(n, ast.Call) for n in ast.walk(self.tree))

    @property
    def claims(self) -> bool:
        """Whether it says something that is true or false."""
        return _is_claim(self.tree)


def _is_claim(node: ast.expr) -> bool:
    if isinstance(node, ast.BoolOp):
        return all(map(_is_claim, node.values))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _is_claim(node.operand)
    return isinstance(node, ast.Compare)


def parse(text: str, functions: Mapping[str, Callable[..., Any]]) -> Expression:
    """Read an expression; functions and how they are called are checked here, names are not.

    Raises:
        WordError: it does not parse, or calls what there is not.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise WordError(f"longer than {LONGEST} characters", text[:20], "Measure it in parts")
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd escapes in a file's words
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        at = (getattr(error, "offset", None) or 1) - 1
        why = getattr(error, "msg", "")  # "'(' was never closed"
        said = f"{text!r} does not parse" + (f": {why}" if why and why != "invalid syntax" else "")
        raise WordError(said, text[at:].split(" ")[0] or text) from None
    for node in ast.walk(tree):
        if not isinstance(node, _NODES) or (
            isinstance(node, ast.Constant) and type(node.value) not in (int, float, str, bool)
        ):
            part, kind = _part(text, node), type(node).__name__
            raise WordError(f"a measure cannot contain {part!r} ({kind})", part)
        if isinstance(node, ast.Call):
            _check_call(node, text, functions)
    return Expression(text, tree)


def _part(text: str, node: ast.AST) -> str:
    """What of the text a node was read from."""
    return ast.get_source_segment(text, node) or text if isinstance(node, ast.expr) else text


def _check_call(node: ast.Call, text: str, functions: Mapping[str, Callable[..., Any]]) -> None:
    if not isinstance(node.func, ast.Name):
        part = _part(text, node)
        raise WordError(f"{part!r} is not a function of the measures", part)
    name = node.func.id
    if name not in functions:
        do = did_you_mean(name, functions) or "`peephole list measures` prints them"
        raise WordError(f"no measure {name!r}", name, do)
    try:
        inspect.signature(functions[name]).bind(
            *node.args, **{k.arg or "**": k.value for k in node.keywords}
        )
    except TypeError as error:
        raise WordError(
            f"{name}: {error}", name, f"It is called {signature(name, functions[name])}"
        ) from None


def signature(name: str, function: Callable[..., Any]) -> str:
    """`name(lane, at, word='x')`, without types."""
    parts = []
    for parameter in inspect.signature(function).parameters.values():
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        parts.append(f"{star}{parameter.name}{default}")
    return f"{name}({', '.join(parts)})"


def evaluate(
    expression: Expression,
    functions: Mapping[str, Callable[..., Any]],
    lookup: Callable[[str], Any],
) -> Any:
    """Its value: a number, a word, a truth or an array; `lookup` gives what a name stands for.

    Raises:
        WordError: it has no value, e.g. a division by zero or words where numbers belong.
    """
    return _Evaluation(expression, functions, lookup).value(expression.tree)


def measured(
    expression: Expression,
    functions: Mapping[str, Callable[..., Any]],
    lookup: Callable[[str], Any],
) -> tuple[bool, str]:
    """Whether a claim holds, and what was measured: (True, "0.973 > 0.9")."""
    evaluation = _Evaluation(expression, functions, lookup)
    return evaluation.claim(expression.tree)


def show(value: Any) -> str:
    """A value as a claim prints it: four significant digits."""
    if isinstance(value, np.ndarray):
        return "[" + ", ".join(show(v) for v in value[:6].tolist()) + "]"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    return f"{float(value):.4g}"


@dataclass(frozen=True)
class _Evaluation:
    expression: Expression
    functions: Mapping[str, Callable[..., Any]]
    lookup: Callable[[str], Any]

    def _text(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.expression.text, node) or self.expression.text

    def value(self, node: ast.expr) -> Any:
        try:
            return self._value(node)
        except PeepholeError:
            raise
        except (TypeError, ValueError, ArithmeticError, IndexError) as error:
            part = self._text(node)
            raise WordError(f"{part!r} has no value ({error})", part) from None

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.lookup(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self.value(left), self.value(right)
                if isinstance(a, str) or isinstance(b, str):
                    raise TypeError("a word is not a number")
                return _BINARY[type(op)](a, b)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                given = {k.arg: self.value(k.value) for k in keywords if k.arg}
                values = [self.value(arg) for arg in args]  # a mistake in one is shown there
                try:
                    return self.functions[name](*values, **given)
                except WordError:
                    raise
                except PeepholeError as error:
                    word = _meant(error.what, [*args, *(k.value for k in keywords)]) or name
                    raise WordError(f"{name}: {error.what}", word, error.do) from None
            case _:
                return self.claim(node)[0]

    def claim(self, node: ast.expr) -> tuple[bool, str]:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.claim(value) for value in values]
                every = isinstance(op, ast.And)
                truth = (all if every else any)(p[0] for p in parts)
                return truth, (" and " if every else " or ").join(p[1] for p in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth, text = self.claim(operand)
                return not truth, f"not ({text})"
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides: list[Any] = [self.value(left), *map(self.value, comparators)]
                text, truth = show(sides[0]), True
                for compared, a, b in zip(ops, sides, sides[1:], strict=False):
                    sign, compare = _COMPARE[type(compared)]
                    if isinstance(a, str) != isinstance(b, str):
                        raise WordError(
                            f"{show(a)} {sign} {show(b)} compares a word with a number", sign
                        )
                    if np.size(a) != 1 or np.size(b) != 1:
                        several = f"{show(a)} {sign} {show(b)} compares a list"
                        raise WordError(several, sign, "Take its max, min or mean, or one of it")
                    truth = truth and bool(compare(a, b))
                    text += f" {sign} {show(b)}"
                return truth, text
            case _:
                return bool(self.value(node)), show(self.value(node))


def _meant(what: str, args: Iterable[ast.expr]) -> str:
    """The word or the number among arguments that a message is about; "" where that is not clear."""
    values = [node.value for node in args if isinstance(node, ast.Constant)]
    words = [value for value in values if isinstance(value, str) and repr(value) in what]
    numbers = {str(value) for value in values if type(value) in (int, float)}
    named = numbers & set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]|\.\d)", what))
    return words[0] if words else named.pop() if len(named) == 1 else ""
