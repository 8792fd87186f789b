"""What a guard found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning"]


@dataclass(frozen=True)
class Finding:
    """One flaw, found by a guard.

    Parameters
    ----------
    guard : str
        Name of the guard, as in "duplicates".
    severity : {"note", "warning"}
        A warning says that scores may mislead; a note is worth knowing.
    number : float
        How much: mostly a share of rows from 0 to 1.
    sentence : str
        What was found, for people.
    anchor : str
        Section of ``docs/honesty.md`` that says what to do.
    """

    guard: str
    severity: Severity
    number: float
    sentence: str
    anchor: str

    @property
    def link(self) -> str:
        """Page and section that say what to do."""
        return f"honesty.md#{self.anchor}"
