"""Save and load models with skops: a loaded file runs no code of its own."""

from __future__ import annotations

import importlib
import os
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import skops.io
from sklearn.base import BaseEstimator

from estimators.native_structures import make_safe

# Estimators of these packages may stand in a file; their constructors only store what they get.
_PACKAGES = ("sklearn", "imblearn", "skrub", "estimators", "pipelines")

# What those estimators hold, and what is no estimator itself.
_PARTS = frozenset(
    {
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.metrics._dist_metrics.ChebyshevDistance64",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.tree._tree.Tree",
        "skrub._dataframe._common.is_any_date",
        "skrub._dataframe._common.is_categorical",
        "skrub._dataframe._common.is_numeric",
        "skrub._table_vectorizer.PassThrough",
        "skrub._table_vectorizer.ShortReprDict",
        "skrub._table_vectorizer._created_by_predicate",
        "skrub.selectors._base.All",
        "skrub.selectors._base.And",
        "skrub.selectors._base.Cols",
        "skrub.selectors._base.Filter",
        "skrub.selectors._base.Sub",
        "skrub.selectors._selectors._cardinality_below",
    }
)

# What skops, numpy and the classes in a file raise when its content is not what they wrote.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model to a file that :func:`load` reads.

    The file appears whole or not at all: an older one of that name stays until the new one is safe
    on the disk.

    Parameters
    ----------
    model : estimator
        Fitted or not; a pipeline too.
    path : str or path-like
        Where to write, by custom ending in ".skops". Its folder must exist.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written.
    TypeError
        If the model holds an object that skops cannot store.

    Examples
    --------
    >>> import tempfile, os
    >>> from estimators import KNeighborsClassifier, load, save
    >>> model = KNeighborsClassifier(1).fit([[0.0], [1.0]], ["a", "b"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, os.path.join(folder, "knn.skops"))
    ...     load(os.path.join(folder, "knn.skops")).predict([[0.9]]).item()
    'b'
    """
    path = Path(path)
    # Level 1: the schema of a forest shrinks tenfold, and weights, which do not, cost little time.
    data = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _write_through(partial, data)
        partial.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise type(error)(error.errno, f"save: {path} could not be written: {reason}") from error
    finally:
        partial.unlink(missing_ok=True)


def load(path: str | os.PathLike[str], *, trusted: Iterable[str] = ()) -> Any:
    """Read a model that :func:`save` wrote.

    Nothing in the file is run. It may name estimators of scikit-learn, imbalanced-learn, skrub and
    bakeoff, arrays and plain values; anything else is refused before an object is made.

    Parameters
    ----------
    path : str or path-like
        The file.
    trusted : iterable of str, default=()
        Full names of further types to accept, such as ``"my_package.MyModel"``. Name only types
        that you know, in files whose origin you know.

    Returns
    -------
    estimator
        As it was saved.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no model file, is damaged, or names a type that is not trusted.

    Examples
    --------
    >>> import tempfile, os
    >>> from estimators import KNeighborsClassifier, load, save
    >>> model = KNeighborsClassifier(1).fit([[0.0], [1.0]], ["a", "b"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, os.path.join(folder, "knn.skops"))
    ...     load(os.path.join(folder, "knn.skops")).get_params()["n_neighbors"]
    1
    """
    data = Path(path).read_bytes()
    trusted = set(trusted)
    try:
        unknown = skops.io.get_untrusted_types(data=data)
        accepted = [name for name in unknown if name in trusted or _is_trusted(name)]
        if accepted == unknown:
            return make_safe(skops.io.loads(data, trusted=accepted))
    except _DAMAGE as error:
        raise ValueError(
            f"load: {path} must be an undamaged model file written by estimators.save; "
            f"reading it ended in {type(error).__name__}: {error}"
        ) from error
    refused = ", ".join(sorted(set(unknown) - set(accepted)))
    raise ValueError(
        f"load: {path} names types that bakeoff does not trust: {refused}. Nothing was loaded; "
        "list them in trusted= only if you know who wrote the file."
    )


def _is_trusted(name: str) -> bool:
    """Tell whether a full name is that of a known part, or of an estimator where it is defined."""
    module, _, class_name = name.rpartition(".")
    if name in _PARTS or module.partition(".")[0] not in _PACKAGES:
        return name in _PARTS
    try:
        found = getattr(importlib.import_module(module), class_name, None)
    except ImportError:
        return False
    if not (isinstance(found, type) and issubclass(found, BaseEstimator)):
        return False
    # Where it is defined: a module also holds all that it imported.
    return f"{found.__module__}.{found.__qualname__}" == name


def _write_through(path: Path, data: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
