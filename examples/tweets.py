"""Tweets about Apple: four window models learn the first days, then score every five minutes.

python examples/tweets.py            the whole series (data home); --quick: a made-up one
"""

import argparse

import numpy as np

from pipelines import load_dataset, make_detector

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="a made-up series, few epochs")
if quick := parser.parse_args().quick:
    rng, t = np.random.default_rng(0), np.arange(2000)
    past, new = np.split(np.sin(2 * np.pi * t / 288) + rng.normal(0, 0.1, 2000), [750])
    new[800:810] += 3
    labels = np.isin(np.arange(len(new)), np.arange(780, 840)).astype(int)
else:
    data = load_dataset("nab/realTweets/Twitter_volume_AAPL")
    past, new, labels = np.log1p(data.X_train), np.log1p(data.X_test), data.y_test
dense = {"hidden_layer_sizes": (7, 5, 4, 5, 7)}
models = {
    "dense, ReLU": ("autoencoder", dense),
    "dense, sigmoid": ("autoencoder", {**dense, "activation": "sigmoid"}),
    "dense, tanh": ("autoencoder", {"hidden_layer_sizes": (15, 14, 7, 14), "activation": "tanh"}),
    "LSTM": ("lstm-autoencoder", {"hidden_sizes": (4, 5, 15)}),
}
epochs = {"max_epochs": 2} if quick else {}
print("model            weights  fit s  alarms  in labelled windows  labelled share")
for name, (model, params) in models.items():
    params = {**params, **epochs, "random_state": 0}
    detector = make_detector(model, params=params, threshold="pot", alarm_rate=0.001)
    weights = detector.fit(past).model_.n_parameters_
    seconds = sum(row["seconds"] for row in detector.model_.history_)
    alarms = detector.detect(new)["is_abnormal"].to_numpy()
    hit = labels[alarms].mean() if alarms.any() else 0.0
    counts = f"{name:16} {weights:7,} {seconds:6.1f} {alarms.sum():7,}"
    print(counts, f"{hit:20.1%} {labels.mean():15.1%}")
