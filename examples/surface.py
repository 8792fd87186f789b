"""A sine and a surface, learnt from noisy points: a line against nets of one to three layers.

python examples/surface.py --quick    500 points and one amount of noise, not 8,000 and three
"""

import argparse

import numpy as np

from estimators import LinearRegression, TorchMLPRegressor

TRUTHS = {"sine": lambda x, y: np.sin(x), "surface": lambda x, y: np.sin(x) * np.cos(y)}


def points(n_rows: int, truth, noise: float, seed: int):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-3, 3, (n_rows, 2))
    return X, truth(*X.T) + rng.normal(0, noise, n_rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    n_rows, epochs, levels = (500, 15, [0.1]) if quick else (8_000, 200, [0.02, 0.1, 0.3])
    usual = {"batch_norm": True, "early_stopping": True, "patience": 60, "max_epochs": epochs}
    usual |= {"activation": "tanh", "dropout": 0.0, "lr": 0.01, "ema": 0.999, "random_state": 0}
    models = {f"{n} layers": {"hidden_layer_sizes": (32,) * n} for n in (1, 2, 3)}
    models |= {f"lr {lr}": {**models["2 layers"], "lr": lr} for lr in (0.0002, 0.003, 0.3)}
    for name, truth in TRUTHS.items():
        for noise in levels:  # its square is the error that the best possible answer makes
            train, (X, y) = points(n_rows, truth, noise, 0), points(10_000, truth, noise, 1)
            nets = {title: TorchMLPRegressor(**usual | params) for title, params in models.items()}
            print(f"{name}, noise {noise}: test MSE")
            for title, model in {"a line": LinearRegression(), **nets}.items():
                print(f"  {title:9} {np.mean((model.fit(*train).predict(X) - y) ** 2):.5f}")


if __name__ == "__main__":
    main()
