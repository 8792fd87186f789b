"""How sure a score is, whether two models differ, and which ones are as good as the best.

This page is the front of :mod:`search.intervals`, :mod:`search.paired_tests`,
:mod:`search.fold_tests` and :mod:`search.rank_tests`.
"""

from __future__ import annotations

from .fold_tests import (
    BayesianTest,
    FoldTest,
    Spread,
    bayesian_t_test,
    corrected_t_test,
    seed_spread,
)
from .intervals import Estimate, estimate, interval
from .paired_tests import BestSet, PairedTest, best_set, paired_test, pairwise_tests
from .rank_tests import RankTest, friedman_nemenyi
from .resampling import time_blocks

__all__ = [
    "BayesianTest",
    "BestSet",
    "Estimate",
    "FoldTest",
    "PairedTest",
    "RankTest",
    "Spread",
    "bayesian_t_test",
    "best_set",
    "corrected_t_test",
    "estimate",
    "friedman_nemenyi",
    "interval",
    "paired_test",
    "pairwise_tests",
    "seed_spread",
    "time_blocks",
]
