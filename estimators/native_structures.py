"""Check the compiled parts of a loaded model, whose indices scikit-learn follows unchecked.

A decision tree or a neighbour tree is a block of memory with indices into itself. One that was
tampered with would make ``predict`` read beyond its end, so the indices of decision trees are
checked and neighbour trees are built again from the training rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import BaseEnsemble
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree._tree import Tree


def make_safe(model: Any) -> Any:
    """Return ``model`` with its decision trees checked and its neighbour trees built again.

    Parameters
    ----------
    model : object
        What was loaded; it is changed in place.

    Returns
    -------
    object
        The same object.

    Raises
    ------
    ValueError
        If the nodes of a decision tree do not form a tree over the model's features.
    """
    for part in _parts(model):
        tree = getattr(part, "tree_", None)
        if isinstance(tree, Tree):
            _check_decision_tree(tree, part.n_features_in_)
        if isinstance(getattr(part, "_tree", None), (KDTree, BallTree)):
            _rebuild_neighbour_tree(part)
        if isinstance(part, BaseEnsemble) and hasattr(part, "estimators_"):
            _check_widths(part)
    return model


def _parts(root: Any) -> Iterator[Any]:
    """Yield every Python object inside ``root`` that has attributes, each once."""
    seen, waiting = set(), [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, (list, tuple, set)):
            waiting += part
        elif isinstance(part, np.ndarray):
            waiting += part.ravel().tolist() if part.dtype == object else []
        elif hasattr(part, "__dict__"):
            waiting += vars(part).values()
            yield part


def _check_decision_tree(tree: Tree, n_features: int) -> None:
    """Refuse a tree whose children, features or depth point outside of it."""
    left, right = tree.children_left, tree.children_right
    inner = left != -1
    nodes, left, right, feature = (
        a[inner] for a in (np.arange(len(left)), left, right, tree.feature)
    )
    # scikit-learn numbers children after their parent, which also rules out a cycle.
    sound = (np.minimum(left, right) > nodes) & (np.maximum(left, right) < tree.node_count)
    sound &= (feature >= 0) & (feature < n_features)
    if not (sound.all() and tree.n_features == n_features and _depth_fits(tree)):
        raise ValueError("the nodes of a decision tree point outside of it.")


def _depth_fits(tree: Tree) -> bool:
    """Tell whether no node lies deeper than ``max_depth``, which sizes buffers."""
    level = np.array([0])
    for _ in range(tree.max_depth + 1):
        children = np.concatenate([tree.children_left[level], tree.children_right[level]])
        level = np.unique(children[children != -1])
    return not level.size


def _check_widths(ensemble: Any) -> None:
    """Refuse an ensemble that hands its trees other columns than they were grown on."""
    members = ensemble.estimators_
    if isinstance(members, np.ndarray):
        members = members.ravel().tolist()
    every = [range(ensemble.n_features_in_)] * len(members)
    chosen = getattr(ensemble, "estimators_features_", every)
    for member, columns in zip(members, chosen, strict=True):
        if hasattr(member, "tree_") and member.n_features_in_ != len(columns):
            raise ValueError("a decision tree of an ensemble expects other columns than it gets.")


def _rebuild_neighbour_tree(model: Any) -> None:
    """Replace the tree by one that is built from the training rows, as ``fit`` does."""
    model._tree = type(model._tree)(
        model._fit_X,
        model.leaf_size,
        metric=model.effective_metric_,
        **model.effective_metric_params_,
    )
