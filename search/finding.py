"""What a guard looks for, what it found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning"]
_PAGE = "https://github.com/bakeoff/bakeoff/blob/main/docs/honesty.md"


@dataclass(frozen=True)
class Guard:
    """One guard: what it looks for, the section of ``docs/honesty.md``, and what to do.

    ``judges`` says whether it looks at the scores, or at the data before anything is trained.
    """

    looks_for: str
    section: str
    advice: str
    judges: Literal["data", "scores"] = "data"


_COPIES = (
    "The same row in both parts",
    ("Remove copies before the split, or keep the copies of one thing in one part (--groups)."),
)
_GIVEAWAY = (
    "A column that gives the target away",
    ("Ask whether the column is known when the prediction is needed; drop it if not."),
)
_GROUPS = "Groups cut by the split", "Split by group (--groups): a group stands in one part."
_TIME = "The future predicts the past", "Split by time (--time): the test part is the latest."
_PARTS = (
    "The parts differ",
    ("Find out how the split was made; shuffle the rows, or take the score for what it is."),
)

# In the order in which they are reported.
GUARDS = {
    "duplicates": Guard("test rows that stand in the training part too", *_COPIES),
    "near duplicates": Guard("test rows with a slightly changed copy in training", *_COPIES),
    "giveaway": Guard("a column that alone predicts the target", *_GIVEAWAY),
    "row numbers": Guard("a column that names or numbers the rows", *_GIVEAWAY),
    "prepared on all rows": Guard(
        "preparation that was fitted on both parts",
        "Everything that learns sits inside the pipeline",
        "Give the data as they were before scaling, filling in or rotating.",
    ),
    "groups": Guard("groups of which both parts hold rows", *_GROUPS),
    "time": Guard("training rows that are later than test rows", *_TIME),
    "dates": Guard("a column of dates that the split ignores", *_TIME),
    "unseen classes": Guard("classes of the test part that training lacks", *_PARTS),
    "shift": Guard("targets that are distributed otherwise in the parts", *_PARTS),
    "test above validation": Guard(
        "test scores far above validation",
        "The test part is used once",
        "Look for rows, or parts of rows, that stand in both parts.",
        "scores",
    ),
    "like the dummy": Guard(
        "models that score like the dummy",
        "The dummy takes part",
        "Do not use such a model; more rows, other features or more trials may help.",
        "scores",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One flaw, found by a guard.

    Parameters
    ----------
    guard : str
        Name of the guard in ``GUARDS``.
    severity : {"note", "warning"}
        A warning says that scores may mislead; a note is worth knowing.
    number : float
        How much: mostly a share of rows from 0 to 1.
    sentence : str
        What was found, for people.
    """

    guard: str
    severity: Severity
    number: float
    sentence: str

    @property
    def advice(self) -> str:
        """What to do, in a sentence."""
        return GUARDS[self.guard].advice

    @property
    def section(self) -> str:
        """Heading of the section of ``docs/honesty.md`` that says more."""
        return GUARDS[self.guard].section

    @property
    def link(self) -> str:
        """Address of the section that says what to do."""
        kept = "".join(c for c in self.section.lower() if c.isalnum() or c in " -")
        return f"{_PAGE}#{kept.replace(' ', '-')}"
