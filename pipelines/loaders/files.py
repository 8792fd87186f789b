"""``read_data``: a user's own data, with everything that was inferred stated in the notes."""

from __future__ import annotations

from pathlib import Path

from estimators.params import Choice
from estimators.spec import TASKS
from pipelines.dataset import Dataset

from .archive import from_archive
from .folder import from_folder
from .frames import from_frame
from .table_file import SUFFIXES, read_table

_TASK = Choice(options=("auto", *TASKS))


def read_data(
    path: str | Path,
    target: str | None = None,
    task: str = "auto",
    *,
    time: str | None = None,
    groups: str | None = None,
    encoding: str = "utf-8",
) -> Dataset:
    r"""Return a user's own data with a fifth of the rows set apart as the test part.

    What is inferred (the task, what a column holds, what is left out) stands in the data set's
    ``notes``. Rows without a target are left out, and it is noted how many.

    Parameters
    ----------
    path : str or path
        A CSV or TSV file (``.gz`` too), a ``.parquet`` file, an ``.npz`` file with ``X`` and ``y``,
        or a folder of images with one sub-folder a class.
    target : str or None, default=None
        Column to predict. Not needed for images and ``.npz``.
    task : str, default="auto"
        "auto" or one of ``estimators.spec.TASKS``. Names and few whole numbers mean
        classification, other numbers regression, numbers along evenly spaced dates (days, working
        days, months and the like) forecasting.
    time : str or None, default=None
        Column of dates or numbers that orders the rows; the last fifth is the test part then.
    groups : str or None, default=None
        Column whose values must not stand in both parts, as a person's in medical data.
    encoding : str, default="utf-8"
        Of a text file.

    Returns
    -------
    Dataset
        The split is always the same: stratified for classes, the last fifth in time.

    Raises
    ------
    ValueError
        If the data cannot be read or used; the message says where and what to do.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "fruit.csv"
    ...     rows = [f"{i},{'round' if i % 2 else 'long'},{i % 2}" for i in range(1, 41)]
    ...     _ = path.write_text("\n".join(["weight,shape,is_apple", *rows]))
    ...     data = read_data(path, target="is_apple")
    >>> data
    Dataset('fruit', classification of table rows: 32 for training, 8 for the test)
    >>> data.notes[1:3]
    ("Columns read as category: 'shape'.", "Columns read as number: 'weight'.")
    """
    path = Path(path)
    _TASK.check(task, "task", "read_data")
    if not path.exists():
        raise ValueError(f"path must name a file or folder, but {path} does not exist.")
    is_table = {suffix.lower() for suffix in path.suffixes} & set(SUFFIXES)
    for parameter, value in (("time", time), ("groups", groups)):
        if value is not None and not is_table:
            raise ValueError(f"{parameter} is for files with columns, got {parameter}={value!r}.")
    if path.is_dir():
        if task not in ("auto", "classification") or target is not None:
            raise ValueError(
                "a folder of images is read for classification with the sub-folders as classes; "
                f"leave out target and task, got {target=}, {task=}."
            )
        return from_folder(path)
    if path.suffix.lower() == ".npz":
        return from_archive(path, target, task)
    if not is_table:
        raise ValueError(
            f"path must end in one of {', '.join(SUFFIXES)}, .npz, or be a folder of images, "
            f"got {path.name}; save a spreadsheet as CSV."
        )
    return from_frame(
        read_table(path, encoding),
        target,
        task,
        time=time,
        groups=groups,
        name=path.name.partition(".")[0] or path.name,
        source=f"file {path.name}",
    )
