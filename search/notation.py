"""Spaces and splitters as text, as one writes them in Python, and back without running it."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
from optuna import distributions
from sklearn import model_selection

from estimators import params
from search.dimensions import Dimension

_CLASSES = (
    params.Int, params.Float, params.Bool, params.Choice, params.Sequence, params.AnyOf,
    distributions.IntDistribution, distributions.FloatDistribution,
    distributions.CategoricalDistribution, Dimension,
    model_selection.KFold, model_selection.StratifiedKFold, model_selection.GroupKFold,
    model_selection.StratifiedGroupKFold, model_selection.TimeSeriesSplit,
    model_selection.RepeatedKFold, model_selection.RepeatedStratifiedKFold,
    model_selection.ShuffleSplit, model_selection.StratifiedShuffleSplit,
    model_selection.GroupShuffleSplit, model_selection.LeaveOneOut, model_selection.LeavePOut,
    model_selection.LeaveOneGroupOut, model_selection.LeavePGroupsOut,
)  # fmt: skip
_KNOWN: dict[str, type] = {cls.__name__: cls for cls in _CLASSES}
_NUMBERS = {"inf": float("inf"), "nan": float("nan")}


def write(value: Any) -> str | None:
    """Return the text of a value; None if it holds what is more than data, as functions do.

    Parameters
    ----------
    value : object
        Numbers, texts, tuples, lists and dictionaries of them, domains, distributions, splitters.

    Examples
    --------
    >>> write(model_selection.GroupKFold(3)), write([(64,), None]), write(len)
    ('GroupKFold(n_splits=3, random_state=None, shuffle=False)', '[(64,), None]', None)
    """
    text = repr(_plain(value))
    try:
        return text if repr(read(text)) == text else None
    except (ValueError, SyntaxError, TypeError):
        return None


def read(text: str) -> Any:
    """Return the value that :func:`write` has made a text of.

    Parameters
    ----------
    text : str
        Literals and the known classes; nothing else in it is looked up or called.

    Raises
    ------
    ValueError or SyntaxError
        If there is anything else in it.

    Examples
    --------
    >>> read("IntDistribution(low=1, high=9)")
    IntDistribution(high=9, log=False, low=1, step=1)
    """
    return _value(ast.parse(text, mode="eval").body)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _KNOWN:
            named = {str(word.arg): _value(word.value) for word in keywords}
            return _KNOWN[name](*map(_value, args), **named)
        case ast.Name(id=name) if name in _NUMBERS:
            return _NUMBERS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.Tuple(elts=items):
            return tuple(map(_value, items))
        case ast.List(elts=items):
            return list(map(_value, items))
        case ast.Dict(keys=keys, values=values):
            return {_value(k): _value(v) for k, v in zip(keys, values, strict=True) if k}
        case ast.Constant(value=value):
            return value
    raise ValueError(f"text must hold literals and known classes only, got {ast.unparse(node)}.")


def _plain(value: Any) -> Any:
    """Return a value without the types of numpy."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, range):
        return list(value)
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    return value
