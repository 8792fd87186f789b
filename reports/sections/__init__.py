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
    "imbalance",
    "calibration",
    "anomaly",
    "forecast",
    "residuals",
    "weights",
    "gallery",
    "text",
    "maps",
    "samples",
    "learning",
    "search",
    "data",
    "failures",
    "reproduce",
)
