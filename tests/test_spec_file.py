"""A comparison from a file; two runs side by side; a run against itself."""

from __future__ import annotations

import json
import shutil

import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from reports.cli import main
from reports.spec_file import SpecError, read_spec
from search import RunDirectory
from tests.contests import run_here

SPEC = """
data = "iris"
models = ["knn"]
metrics = ["accuracy"]
cv = 3

[budget]
trials = 3
timeout = "10m"
memory_limit = "4G"

[spaces.knn]
n_neighbors = { low = 1, high = 9 }
p = { low = 1.0, high = 2.0 }
weights = ["uniform", "distance"]
"""


@pytest.fixture
def write(tmp_path):
    def write_spec(text):
        path = tmp_path / "spec.toml"
        path.write_text(text)
        return path

    return write_spec


def test_a_file_is_read_with_times_sizes_and_spaces(write):
    spec = read_spec(write(SPEC))
    assert (spec.budget.timeout, spec.budget.memory_limit) == (600.0, 4 * 2**30)
    assert spec.search_spaces() == {
        "knn": {
            "n_neighbors": IntDistribution(1, 9),
            "p": FloatDistribution(1.0, 2.0),
            "weights": ["uniform", "distance"],
        }
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cv = 3", "cv = 1", "line 5: cv: .*greater than or equal to 2, got 1"),
        ("cv = 3", "fold = 3", "line 5: fold: there is no such key"),
        ("trials", "trails", "line 8: budget.trails: .* did you mean 'trials'"),
        ('"10m"', '"soon"', "line 9: budget.timeout: .*such as 90s, 10m or 1h30m, got 'soon'"),
        ('["knn"]', '["knnn"]', "line 3: models: there is no model 'knnn', did you mean 'knn'"),
        ("spaces.knn", "spaces.kn", "line 12: spaces.kn: .* did you mean 'knn'"),
        ("high = 9", "hihg = 9", "line 13: spaces.knn.n_neighbors"),
        ('data = "iris"', "", "data: Field required"),
        ("cv = 3", "cv = ", "is no TOML file: .*line 5"),
    ],
)
def test_a_mistake_is_named_with_its_place(write, old, new, said):
    with pytest.raises(SpecError, match=said):
        read_spec(write(SPEC.replace(old, new)))


def test_all_mistakes_are_named_at_once_in_their_order(write, capsys):
    text = SPEC.replace("cv = 3", "cv = 1").replace("trials", "trails").replace('["knn', '["kmm')
    assert main(["run", str(write(text))]) == 2
    said = capsys.readouterr().err
    places = [said.index(place) for place in ("line 3: models", "line 5: cv", "line 8: budget")]
    assert places == sorted(places)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spec")
    (folder / "spec.toml").write_text(SPEC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.contest.run_in_child", run_here)
        words = ["run", str(folder / "spec.toml"), "--out", str(folder / "run")]
        assert main(words) == 0
        plain = ["compare", "iris", "--models", "knn", "--trials", "2", "--cv", "3"]
        assert main([*plain, "--out", str(folder / "plain")]) == 0
    return folder


def test_a_run_asks_what_the_file_says(run):
    question = RunDirectory(run / "run").manifest["question"]
    assert question["models"] == ["dummy", "knn"]
    assert (question["n_trials"], question["timeout"]) == (3, 600.0)
    assert "n_neighbors" in question["spaces"]["knn"]
    assert (run / "run/report.html").exists()


def test_what_differs_between_two_runs_is_listed(run, capsys):
    assert main(["diff", str(run / "run"), str(run / "plain")]) == 0
    said = capsys.readouterr().out
    for words in ("n_trials", "spaces", "metrics"):
        assert words in said
    assert "fingerprint" not in said
    assert main(["diff", str(run / "plain"), str(run / "plain")]) == 0
    assert capsys.readouterr().out.startswith("No difference")


def test_a_run_is_verified_and_a_forged_score_is_found(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    assert main(["verify", str(run / "plain")]) == 0
    assert "The same again" in capsys.readouterr().out
    forged = tmp_path / "forged"
    shutil.copytree(run / "plain", forged)
    lines = [json.loads(line) for line in (forged / "rows.jsonl").read_text().splitlines()]
    for line in lines:
        if (line["model"], line["stage"], line["metric"]) == ("knn", "test", "accuracy"):
            line["value"] = 1.25
    (forged / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["verify", str(forged)]) == 1
    said = capsys.readouterr().out
    assert "1.25" in said
    assert "log_loss" not in said


def test_a_run_of_a_file_with_spaces_is_verified(run, monkeypatch, capsys):
    monkeypatch.setattr("search.contest.run_in_child", run_here)
    assert main(["verify", str(run / "run")]) == 0
    assert "The same again" in capsys.readouterr().out
