"""One net trained by two processes: the same net as of one, and on both the same."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification

from estimators import GAN, CNNClassifier, TorchMLPClassifier, TorchMLPRegressor
from estimators.deep._processes import processes_of

ROOT = Path(__file__).parent.parent
N_PROCESSES = 2
TABLE = make_classification(203, 8, n_informative=5, n_classes=3, random_state=0)
IMAGES = np.random.RandomState(0).randint(0, 256, (40, 8, 8, 3)).astype(np.uint8)
MLP = {
    "hidden_layer_sizes": (16,), "dropout": 0.0, "max_epochs": 4, "batch_size": 32,
    "random_state": 0,
}  # fmt: skip


# what one process can do as well: the oracle
SAME = {
    "plain": (TorchMLPClassifier, MLP),
    "a batch that does not divide": (TorchMLPClassifier, MLP | {"batch_size": 33}),
    "weights of classes": (TorchMLPClassifier, MLP | {"class_weight": "balanced"}),
    "early stopping": (
        TorchMLPClassifier,
        MLP | {"early_stopping": True, "patience": 2, "max_epochs": 40, "lr": 0.03},
    ),
    "averaged, clipped, sgd": (
        TorchMLPClassifier,
        MLP | {"ema": 0.9, "clip_grad_norm": 0.5, "optimizer": "sgd"},
    ),
    "plateau": (
        TorchMLPRegressor,
        MLP | {"lr_schedule": "plateau", "patience": 1, "max_epochs": 8},
    ),
}
# what is only alike among the processes: their own draws, their own batch statistics, a clock
ALIKE = {
    "a last batch of three": (TorchMLPClassifier, MLP | {"batch_size": 40}),  # 203 = 5 * 40 + 3
    "lbfgs": (TorchMLPRegressor, MLP | {"optimizer": "lbfgs", "hidden_layer_sizes": ()}),
    "no seed": (TorchMLPClassifier, MLP | {"random_state": None, "early_stopping": True}),
    "dropout and batch norm": (TorchMLPClassifier, MLP | {"dropout": 0.3, "batch_norm": True}),
    "seconds": (TorchMLPClassifier, MLP | {"max_epochs": 100_000, "max_seconds": 0.3}),
    "images": (
        CNNClassifier,
        {"channels": (4, 8), "max_epochs": 2, "augment": ("crop", "mixup"), "random_state": 0},
    ),
    "warm start": (TorchMLPClassifier, MLP | {"warm_start": True}),
}


def fitted(name, device):
    """Return weights, history and predictions of one case."""
    build, parameters = (SAME | ALIKE)[name]
    X, y = (IMAGES, np.arange(40) % 2) if build is CNNClassifier else TABLE
    model = build(**parameters, device=device).fit(X, y)
    if parameters.get("warm_start"):
        model.fit(X, y)
    return {
        "weights": {k: v.cpu().numpy() for k, v in model.net_.module.state_dict().items()},
        "history": [{k: v for k, v in row.items() if k != "seconds"} for row in model.history_],
        "predicted": pickle.loads(pickle.dumps(model)).predict(X[:50]),
        "class": type(model.net_.module_).__name__,
    }


def refusals():
    """Return what is said of batches that cannot be shared."""
    try:
        TorchMLPClassifier(**MLP | {"batch_size": 3}, device="accelerate").fit(*TABLE)
    except ValueError as error:
        return str(error)


def main(path):
    """Be one of the processes."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = {name: fitted(name, "accelerate") for name in SAME | ALIKE}
    found["refused"] = refusals()
    found["draws"] = torch.get_rng_state().tolist()
    processes = processes_of("accelerate", "test")
    with processes.alike():
        found["shared draws"] = torch.rand(3).tolist()
    found["own draws"] = torch.rand(3).tolist()
    Path(f"{path}.{os.environ['RANK']}").write_bytes(pickle.dumps(found))


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """Return what each of two processes has found, which `accelerate` joins."""
    path = tmp_path_factory.mktemp("processes") / "found"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = os.environ | {
        "ACCELERATE_USE_CPU": "true", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        "WORLD_SIZE": str(N_PROCESSES), "LOCAL_WORLD_SIZE": str(N_PROCESSES),
        "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONWARNINGS": "error",
    }  # fmt: skip
    code = f"from tests.test_processes import main; main({str(path)!r})"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(N_PROCESSES)
    ]
    try:
        said = [process.communicate(timeout=120)[1] for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert not any(process.returncode for process in started), "\n".join(said)
    return [pickle.loads(Path(f"{path}.{rank}").read_bytes()) for rank in range(N_PROCESSES)]


@pytest.mark.parametrize("name", SAME)
def test_two_processes_train_the_net_of_one(of_two, name):
    alone = fitted(name, "cpu")
    for found in of_two:
        assert len(found[name]["history"]) == len(alone["history"])
        for row, expected in zip(found[name]["history"], alone["history"], strict=True):
            numbers = {key: value for key, value in expected.items() if value is not None}
            assert {key: row[key] for key in numbers} == pytest.approx(numbers, rel=1e-4, abs=1e-5)
        for key, value in alone["weights"].items():
            np.testing.assert_allclose(found[name]["weights"][key], value, atol=2e-5, err_msg=key)


@pytest.mark.parametrize("name", SAME | ALIKE)
def test_all_processes_end_with_the_same_plain_net(of_two, name):
    first, second = (found[name] for found in of_two)
    assert first["history"] == second["history"]
    assert first["class"] == second["class"] == "Sequential"
    np.testing.assert_array_equal(first["predicted"], second["predicted"])
    for key, value in first["weights"].items():
        np.testing.assert_array_equal(second["weights"][key], value, err_msg=key)


def test_two_processes_find_the_minimum_of_one_by_lbfgs(of_two):
    alone = fitted("lbfgs", "cpu")  # whose line search makes much of the last digit on the way
    for key, value in alone["weights"].items():
        np.testing.assert_allclose(of_two[0]["lbfgs"]["weights"][key], value, atol=1e-3)


def test_all_processes_leave_their_generators_alone_and_refuse_batches_too_small_to_share(of_two):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        before = torch.get_rng_state().tolist()
    for found in of_two:
        assert found["draws"] == before
        assert found["refused"] == (
            "TorchMLPClassifier: batch_size must be 2 or more for each of the 2 processes, got "
            "batches of 3 rows."
        )


def test_what_differs_between_processes_is_drawn_apart(of_two):
    """Equal dropout in all shares would still give equal weights, so it is looked at by itself."""
    first, second = (found["own draws"] for found in of_two)
    assert first != second
    assert of_two[0]["shared draws"] == of_two[1]["shared draws"]


def test_without_a_launcher_one_process_trains_as_ever():
    alone, plain = (fitted("dropout and batch norm", device) for device in ("accelerate", "cpu"))
    for key, value in plain["weights"].items():
        np.testing.assert_array_equal(alone["weights"][key], value)


def test_a_missing_package_is_named_with_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(ImportError, match=r"TorchMLPClassifier: .* `pip install accelerate`"):
        TorchMLPClassifier(**MLP, device="accelerate").fit(*TABLE)
    model = TorchMLPClassifier(**MLP, device="cpu").fit(*TABLE).set_params(device="accelerate")
    assert len(pickle.loads(pickle.dumps(model)).predict(TABLE[0])) == 203  # loads without it


def test_a_game_of_two_nets_is_refused():
    with pytest.raises(ValueError, match="GAN: device must be a single one, got device='acceler"):
        GAN(max_epochs=1, device="accelerate").fit(TABLE[0])
