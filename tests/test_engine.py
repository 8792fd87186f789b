"""The training engine: what each training parameter does to the net and its history."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification, make_regression
from skorch.callbacks import Callback, EarlyStopping

from estimators import TorchMLPClassifier, TorchMLPRegressor
from estimators.deep._data import Rows, batches, split
from estimators.deep._params import OPTIMIZERS, TrainingParams, batch_size_of, epochs_of
from estimators.deep.watching import watched

FAST = {"hidden_layer_sizes": (16,), "max_epochs": 5, "batch_size": 32, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    return make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)


def weights(model):
    return {name: value.clone() for name, value in model.net_.module.state_dict().items()}


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


def column(model, name):
    return [row[name] for row in model.history_]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(table, optimizer):
    settings = FAST | {"optimizer": optimizer, "max_epochs": 30, "dropout": 0.0}  # masks are noise
    losses = column(TorchMLPClassifier(**settings).fit(*table), "train_loss")
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (None, [0.1, 0.1, 0.1, 0.1]),
        ("cosine", [0.1, 0.0853553, 0.05, 0.0146447]),
        ("onecycle", [0.0001, 0.1, 0.2 / 3, 0.1 / 3]),
    ],
)
def test_schedules_take_their_values_at_the_start_of_each_epoch(table, schedule, expected):
    X, y = table
    model = TorchMLPClassifier(
        **FAST | {"max_epochs": 4, "batch_size": 200, "lr": 0.1, "lr_schedule": schedule}
    ).fit(X, y)
    assert column(model, "lr") == pytest.approx(expected, rel=1e-3)


def test_warmup_rises_linearly_before_a_constant_rate(table):
    settings = {"max_epochs": 10, "batch_size": 200, "lr": 1.0, "lr_schedule": None, "warmup": 0.5}
    model = TorchMLPClassifier(**FAST | settings).fit(*table)
    assert column(model, "lr")[1:] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1])


def test_early_stopping_goes_back_to_the_best_epoch(table):
    X, y = table
    settings = {"max_epochs": 60, "lr": 0.03, "early_stopping": True, "patience": 5}
    model = TorchMLPClassifier(**FAST | settings | {"validation_fraction": 0.3}).fit(X, y)
    scores = list(zip(column(model, "valid_score"), column(model, "valid_loss"), strict=True))
    best = max(range(len(scores)), key=lambda i: (scores[i][0], -scores[i][1]))
    assert len(scores) == best + 1 + 5  # stopped after `patience` epochs without improvement
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(np.random.RandomState(0).randint(2**31 - 1))
        _, valid = split(len(X), 0.3, y)
    loss, score = model.net_.evaluate(Rows.of(X.astype(np.float32), y), valid)
    assert (score, loss) == pytest.approx(scores[best])
    assert scores[-1] != scores[best]


def test_validation_rows_are_drawn_by_class_and_seeded():
    labels = np.repeat([0, 1, 2], [90, 9, 1])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        train, valid = split(100, 0.3, labels)
    assert sorted(np.concatenate([train, valid])) == list(range(100))
    counts = np.bincount(labels[valid], minlength=3)
    assert counts[0] == 27
    assert counts[1] in (2, 3)
    assert counts[2] == 0  # a single row stays in training


def test_validation_is_followed_without_stopping_where_a_fraction_is_given(table):
    model = TorchMLPClassifier(**FAST, validation_fraction=0.2).fit(*table)
    assert all(0 <= score <= 1 for score in column(model, "valid_score"))
    model = TorchMLPClassifier(**FAST).fit(*table)
    assert column(model, "valid_score") == [None] * 5


def test_validation_that_leaves_too_few_rows_is_refused():
    model = TorchMLPClassifier(**FAST, early_stopping=True)
    with pytest.raises(ValueError, match=r"validation_fraction.*n_samples=2"):
        model.fit([[0.0], [1.0]], [0, 1])


def test_plateau_lowers_the_rate_when_the_loss_stops_to_fall(table):
    settings = {"max_epochs": 30, "lr": 0.05, "lr_schedule": "plateau", "patience": 4}
    model = TorchMLPClassifier(**FAST | settings).fit(*table)
    rates, losses = column(model, "lr"), column(model, "valid_loss")
    first = next(i for i, rate in enumerate(rates) if rate < 0.05)
    assert rates[first] == pytest.approx(0.01)
    assert min(losses[first - 2 : first]) >= min(losses[: first - 2])  # two epochs waited


def test_averaged_weights_are_what_is_kept(table):
    settings = FAST | {"max_epochs": 3, "lr": 0.05, "lr_schedule": None}
    last = weights(TorchMLPClassifier(**settings).fit(*table))
    average = weights(TorchMLPClassifier(**settings, ema=0.99).fit(*table))
    assert not same(last, average)
    short = weights(TorchMLPClassifier(**settings, ema=1e-9).fit(*table))
    assert all(torch.allclose(last[name], short[name]) for name in last)


def test_clipped_gradients_make_short_steps(table):
    X, y = table
    settings = FAST | {
        "optimizer": "sgd", "momentum": 0.0, "lr": 1.0, "lr_schedule": None, "weight_decay": 0.0,
        "max_epochs": 1, "batch_size": 200, "warm_start": True,
    }  # fmt: skip
    model = TorchMLPClassifier(**settings).fit(X, y)
    before = weights(model)
    model.set_params(clip_grad_norm=1e-3).fit(X, y)
    moved = sum(float((v - before[k]).square().sum()) for k, v in weights(model).items()) ** 0.5
    assert moved == pytest.approx(1e-3, rel=1e-3)


def test_max_seconds_ends_training_with_the_schedule_pressed_into_it(table):
    settings = FAST | {"max_epochs": 100_000, "max_seconds": 0.3}
    started = time.perf_counter()
    model = TorchMLPClassifier(**settings).fit(*table)
    assert time.perf_counter() - started < 30
    assert len(model.history_) < 100_000
    assert model.history_[-1]["lr"] < 0.2 * max(column(model, "lr"))


def test_lbfgs_fits_a_line_exactly():
    X, y = make_regression(100, 5, noise=0.0, random_state=0)
    model = TorchMLPRegressor(
        optimizer="lbfgs", hidden_layer_sizes=(), weight_decay=0, max_epochs=3, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 1 - 1e-8


def test_history_has_one_complete_row_per_epoch(table):
    model = TorchMLPClassifier(**FAST, validation_fraction=0.2).fit(*table)
    assert column(model, "epoch") == [1, 2, 3, 4, 5]
    names = ["epoch", "train_loss", "valid_loss", "train_score", "valid_score", "lr", "seconds"]
    assert all(list(row) == names for row in model.history_)
    assert all(isinstance(value, (int, float)) for row in model.history_ for value in row.values())


def test_training_loss_and_score_are_means_over_rows_of_all_batches():
    X, y = make_classification(130, 5, random_state=0)
    settings = {"batch_size": 64, "lr": 1e-30, "lr_schedule": None, "max_epochs": 1, "dropout": 0}
    model = TorchMLPClassifier(**FAST | settings).fit(X, y)  # nothing moves: 64 + 66 rows
    probability = model.predict_proba(X)[np.arange(130), y]
    assert model.history_[0]["train_loss"] == pytest.approx(-np.log(probability).mean(), rel=1e-5)
    assert model.history_[0]["train_score"] == pytest.approx(model.score(X, y))


class Recorder(Callback):
    """What a callback sees, and an exception on demand."""

    def __init__(self, raise_at=None):
        self.raise_at = raise_at

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        self.rows_ = []

    def on_epoch_end(self, net, **kwargs):
        self.rows_.append(dict(net.history[-1]))
        if len(self.rows_) == self.raise_at:
            raise LookupError("pruned")


class BatchCounter(Callback):
    def on_train_begin(self, net, X=None, y=None, **kwargs):
        self.sizes_ = []

    def on_batch_end(self, net, batch=None, training=None, **kwargs):
        self.sizes_.append(len(batch[1]))


def test_callbacks_find_the_epoch_in_the_history(table):
    recorder = Recorder()
    model = TorchMLPClassifier(**FAST, validation_fraction=0.2, callbacks=[recorder]).fit(*table)
    assert [row["valid_score"] for row in recorder.rows_] == column(model, "valid_score")
    assert [row["train_loss"] for row in recorder.rows_] == column(model, "train_loss")


def test_what_a_callback_raises_ends_fit(table):
    with pytest.raises(LookupError, match="pruned"):
        TorchMLPClassifier(**FAST, callbacks=[Recorder(raise_at=2)]).fit(*table)


def test_callbacks_hear_of_batches_if_they_want_to(table):
    counter = BatchCounter()
    TorchMLPClassifier(**FAST | {"max_epochs": 1}, callbacks=[counter]).fit(*table)
    assert counter.sizes_ == [32, 32, 32, 32, 32, 32, 8]


def test_max_seconds_ends_training_within_an_epoch(table):
    counter = BatchCounter()
    model = TorchMLPClassifier(**FAST, max_seconds=1e-9, callbacks=[counter]).fit(*table)
    assert counter.sizes_ == [32]
    assert len(model.history_) == 1


def test_early_stopping_of_skorch_ends_training_and_an_interrupt_does_not_pass_for_it(table):
    stopping = EarlyStopping(monitor="train_loss", patience=1, threshold=10, threshold_mode="abs")
    assert len(TorchMLPClassifier(**FAST, callbacks=[stopping]).fit(*table).history_) == 2

    class Interrupt(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TorchMLPClassifier(**FAST, callbacks=[Interrupt()]).fit(*table)


def test_verbose_prints_a_row_per_epoch(table, capsys):
    TorchMLPClassifier(**FAST, verbose=1).fit(*table)
    assert len(capsys.readouterr().out.splitlines()) == 2 + 5  # header, rule, epochs


def test_fit_leaves_the_generator_of_torch_alone(table):
    before = torch.get_rng_state()
    model = TorchMLPClassifier(**FAST | {"dropout": 0.5}, early_stopping=True).fit(*table)
    model.partial_fit(*table).predict(table[0])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")  # torch's compiler
def test_compile_without_a_compiler_warns_and_trains(table, monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "/nonexistent")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    plain = TorchMLPClassifier(**FAST).fit(*table)
    with pytest.warns(RuntimeWarning, match="compile=True has no effect"):
        model = TorchMLPClassifier(**FAST, compile=True).fit(*table)
    np.testing.assert_allclose(model.predict_proba(table[0]), plain.predict_proba(table[0]))


@pytest.mark.parametrize(
    ("n", "size", "expected"),
    [(10, 4, [4, 4, 2]), (9, 4, [4, 5]), (5, 4, [5]), (4, 4, [4]), (1, 4, [1]), (3, 1, [1, 1, 1])],
)
def test_a_last_batch_of_one_joins_the_one_before(n, size, expected):
    assert [len(batch) for batch in batches(torch.arange(n), size)] == expected


def test_batch_normalisation_trains_where_one_row_is_left_over(table):
    X, y = table
    model = TorchMLPClassifier(**FAST | {"batch_norm": True, "batch_size": 99}).fit(
        X[:199], y[:199]
    )
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("n", "batch_size", "epochs"), [(2, 16, 300), (1_000, 32, 47), (60_000, 128, 5)]
)
def test_batch_size_and_epochs_follow_the_number_of_rows(n, batch_size, epochs):
    assert batch_size_of(TrainingParams(), n) == batch_size
    assert epochs_of(TrainingParams(), n) == epochs


@pytest.mark.parametrize(("hidden", "expected"), [((16,), 1), ((2048, 2048), 2)])
def test_small_steps_are_computed_on_one_thread(table, hidden, expected):
    net = TorchMLPClassifier(hidden_layer_sizes=hidden, max_epochs=1, batch_size=64)
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        with watched(lambda row, n_epochs, model: seen.append(torch.get_num_threads())):
            net.fit(*table)
        assert (seen, torch.get_num_threads()) == ([expected], 2)
    finally:
        torch.set_num_threads(before)
