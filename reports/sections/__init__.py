"""The sections of a report, in their order; each file makes its part and draws its figures."""

from __future__ import annotations

SECTIONS = ("comparison", "tradeoff", "failures", "reproduce")
