"""The sections of a report, in their order; each file makes its part and draws its figures."""

from __future__ import annotations

SECTIONS = (
    "comparison",
    "significance",
    "guards",
    "tradeoff",
    "per_class",
    "confusion",
    "curves",
    "calibration",
    "anomaly",
    "residuals",
    "gallery",
    "maps",
    "learning",
    "search",
    "data",
    "failures",
    "reproduce",
)
