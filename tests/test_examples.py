"""The examples run as a user runs them, in their quick size."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
OURS = {"estimators", "pipelines", "search", "reports"}


def run_example(name: str, out: Path) -> str:
    command = [sys.executable, EXAMPLES / f"{name}.py", "--quick", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_digits_ends_in_a_report(tmp_path):
    printed = run_example("digits", tmp_path / "run")
    page = tmp_path / "run" / "report.html"
    assert str(page) in printed
    assert {"knn", "forest", "cnn", "dummy"} <= {line.split()[0] for line in printed.splitlines()}
    assert "<html" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_mnist_ends_in_a_report(tmp_path, data_home):
    printed = run_example("mnist", tmp_path / "run")
    assert str(tmp_path / "run" / "report.html") in printed


@pytest.mark.slow
def test_ag_news_compares_four_variants(tmp_path, data_home):
    printed = run_example("ag_news", tmp_path / "run")
    names = {line.split()[0] for line in printed.splitlines()}
    assert {"logistic", "base", "dropout", "early-stopping", "weight-decay"} <= names


IMAGE_STUDIES = {
    "cnn_dropout": ["none", "input", "hidden"],
    "cnn_variants": ["plain", "batch-norm", "average-pooling", "dilated", "dense-head"],
    "cnn_optimizers": ["adam", "sgd", "adadelta"],
    "vit_sizes": ["dim32-depth4-heads4", "dim64-depth4-heads4"],
    "deep_digits": ["vgg-19", "resnet-50", "densenet-121", "inception"],
    "animals": ["vgg-11", "resnet-18", "vit", "efficientnet-b0"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGE_STUDIES)
def test_a_study_of_images_judges_every_variant(tmp_path, data_home, name):
    lines = run_example(name, tmp_path / "run").splitlines()
    scores = {line.split()[0]: line.split()[1] for line in lines if len(line.split()) > 3}
    assert all(0 <= float(scores[variant]) <= 1 for variant in IMAGE_STUDIES[name])


def run_plain_example(name: str) -> str:
    command = [sys.executable, EXAMPLES / f"{name}.py", "--quick"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout


def test_optimizers_of_a_small_net_are_timed():
    printed = run_plain_example("optimizers")
    assert printed.count("l-bfgs") == 2
    assert "sgd, batches of 16" in printed


def test_spectrograms_are_judged_by_four_detectors():
    lines = run_plain_example("spectrograms").splitlines()[3:]
    areas = {line.split()[0]: float(line.split()[1]) for line in lines}
    assert set(areas) == {"conv-autoencoder", "pca", "isolation", "one-class-svm"}
    assert all(0.5 < area <= 1 for area in areas.values())


@pytest.mark.slow
def test_wrong_labels_are_counted_by_label(data_home):
    assert "on 200 images" in run_plain_example("cifar_errors")


@pytest.mark.slow
def test_the_fast_network_says_how_good_and_how_fast_it_was(data_home):
    printed = run_plain_example("cifar_fast")
    assert re.search(r"^test accuracy 0\.\d{4} after \d+ s$", printed, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short_and_uses_the_public_names_only(path):
    text = path.read_text(encoding="utf-8")
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    private = [
        node.module for node in imports if node.module.split(".")[0] in OURS and "." in node.module
    ]
    assert len(text.splitlines()) <= 40
    assert private == []
