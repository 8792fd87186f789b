"""The layers of a Boltzmann machine: who turns on given its neighbours, means and Gibbs steps.

Layers alternate: given all even ones, the units of the odd ones are independent, and vice versa.
A state is a list of arrays ``(n, units)``, the visible layer first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

State = list[np.ndarray]


@dataclass
class Layers:
    """Weights between neighbouring layers, and a bias for every unit.

    The energy of a state x0, x1, ... is minus the sum of all b_i x_i and all x_i W_i x_(i+1).
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray]

    def probabilities(self, state: State, layer: int) -> np.ndarray:
        """Return how probable it is that units of a layer are on, given the layers beside it."""
        field = self.biases[layer]
        if layer > 0:
            field = field + state[layer - 1] @ self.weights[layer - 1]
        if layer < len(self.weights):
            field = field + state[layer + 1] @ self.weights[layer].T
        return expit(field)

    def upward(self, X: np.ndarray) -> State:
        """Return a first guess of all layers: from below, doubled where a layer above is missing.

        >>> layers = Layers([np.zeros((2, 3)), np.zeros((3, 1))], [np.zeros(n) for n in (2, 3, 1)])
        >>> [len(part[0]) for part in layers.upward(np.ones((1, 2)))]
        [2, 3, 1]
        """
        state = [X]
        for i, weights in enumerate(self.weights):
            is_last = i == len(self.weights) - 1
            state.append(expit((1 if is_last else 2) * (state[-1] @ weights) + self.biases[i + 1]))
        return state

    def mean_field(self, X: np.ndarray, n_steps: int) -> State:
        """Return the probabilities of all hidden units given ``X``, as if they were independent."""
        state = self.upward(X)
        for _ in range(n_steps):
            for layer in range(1, len(state)):
                state[layer] = self.probabilities(state, layer)
        return state

    def gibbs_step(
        self, state: State, rng: np.random.RandomState, mask: np.ndarray | bool = True
    ) -> np.ndarray:
        """Draw all layers anew, of the visible one only ``mask``; return its probabilities."""
        shades = state[0]
        for layer in (*range(1, len(state), 2), *range(0, len(state), 2)):
            found = self.probabilities(state, layer)
            drawn = (rng.uniform(size=found.shape) < found).astype(found.dtype)
            if layer == 0:
                shades = np.where(mask, found, state[0])
                drawn = np.where(mask, drawn, state[0])
            state[layer] = drawn
        return shades

    def chain(
        self,
        start: np.ndarray,
        rng: np.random.RandomState,
        n_steps: int,
        n_kept: int = 1,
        mask: np.ndarray | bool = True,
    ) -> np.ndarray:
        """Return the mean probabilities of visible units over the last steps of their chains."""
        state, total = self.upward(start), np.zeros_like(start)
        for step in range(n_steps):
            shades = self.gibbs_step(state, rng, mask)
            if step >= n_steps - n_kept:
                total += shades
        return total / n_kept

    def learn(self, data: State, model: State, rate: float) -> None:
        """Raise what goes together under ``data`` and lower what does under ``model``."""
        for i in range(len(self.weights)):
            seen = data[i].T @ data[i + 1] / len(data[i])
            dreamt = model[i].T @ model[i + 1] / len(model[i])
            self.weights[i] += rate * (seen - dreamt)
        for bias, seen, dreamt in zip(self.biases, data, model, strict=True):
            bias += rate * (seen.mean(axis=0) - dreamt.mean(axis=0))
