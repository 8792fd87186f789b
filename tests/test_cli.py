"""The command: what its words mean, what it prints, how it ends."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
import typer
from rich.console import Console

from reports import Report, arguments
from reports.cli import main
from reports.progress import Bars, Lines, watcher
from search.progress import (
    EpochFinished,
    ModelFinished,
    ModelStarted,
    StageStarted,
    TrialFinished,
)

EVENTS = (
    ModelStarted(model="cnn", title="[bold]CNN", position=1, n_models=3, n_trials=2, n_done=1),
    StageStarted(model="cnn", stage="search"),
    EpochFinished(
        model="cnn", epoch=1, n_epochs=9, train_loss=0.5, valid_loss=None, valid_score=0.8
    ),
    TrialFinished(model="cnn", trial=0, status="complete", value=0.8, best=0.8, seconds=12.0),
    TrialFinished(model="cnn", trial=1, status="complete", value=0.7, best=0.8, seconds=12.0),
    TrialFinished(model="cnn", trial=2, status="failed", value=None, best=0.8, seconds=0.25),
    StageStarted(model="cnn", stage="test"),
    ModelFinished(
        model="cnn", status="complete", error=None, seconds=125.0, value=0.81, metric="accuracy"
    ),
    ModelFinished(model="svm", status="timed out", error="no answer\nin 60 s", seconds=60.0),
)


@pytest.mark.parametrize(
    ("words", "gathered"),
    [
        (["iris", "--models", "knn", "svm"], ["iris", "--models", "knn,svm"]),
        (["--models", "knn", "--trials", "3", "x"], ["--models", "knn", "--trials", "3", "x"]),
        (["--models", "knn", "svm", "--", "iris"], ["--models", "knn,svm", "--", "iris"]),
        (["--models", "a", "--metrics", "b", "c"], ["--models", "a", "--metrics", "b,c"]),
        (["--models"], ["--models"]),
        (["--models=knn,svm", "iris"], ["--models=knn,svm", "iris"]),
    ],
)
def test_a_list_flag_takes_the_values_up_to_the_next_flag(words, gathered):
    assert arguments.gather(words) == gathered


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("10m", 600), ("1h30m", 5400), ("0.5s", 0.5), ("1d", 86400)]
)
def test_times_are_read(text, value):
    assert arguments.seconds(text) == value


@pytest.mark.parametrize("text", ["", "m", "10x", "0", "-5", "1h 30", "ten"])
def test_other_times_are_refused_with_an_example(text):
    with pytest.raises(typer.BadParameter, match="90s, 10m or 1h30m"):
        arguments.seconds(text)


@pytest.mark.parametrize("text", ["", "4", "4X", "0G", "G"])
def test_other_sizes_are_refused_with_an_example(text):
    with pytest.raises(typer.BadParameter, match="500M or 4G"):
        arguments.size(text)


def test_a_run_without_a_folder_gets_one_of_its_own_or_the_newest_to_resume(tmp_path):
    for name in (
        "my-data-20260102-030405",
        "my-data-20260103-000000",
        "my-data-big-20270101-000000",
    ):
        (tmp_path / name).mkdir()
    resumed = arguments.run_folder("my data", resume=True, runs=tmp_path)
    fresh = arguments.run_folder("my data", resume=False, runs=tmp_path)
    assert resumed.name == "my-data-20260103-000000"
    assert not fresh.exists()
    assert arguments.run_folder("other", resume=True, runs=tmp_path).name.startswith("other-")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare"], "Missing argument 'DATA...'. See `bakeoff compare --help`."),
        (["nope"], "No such command 'nope'. See `bakeoff --help`."),
        (["compare", "iris", "--trials", "0"], "--trials"),
        (["compare", "iris", "--timeout", "soon"], "90s, 10m or 1h30m, got 'soon'"),
        (["compare", "digist"], "did you mean 'digits'?"),
        (["compare", "iris", "--models", "knn", "froest"], "did you mean 'forest'?"),
        (["compare", "iris", "--metrics", "acuracy"], "did you mean 'accuracy'?"),
        (["compare", "iris", "--target", "species"], "--target"),
        (["compare", "no/such/file.csv", "--target", "x"], "no/such/file.csv"),
        (["report", "no/such/run"], "no/such/run holds no run"),
        (["report", __file__], f"{__file__} is a file; name the folder of a run."),
        (["models", "--task", "regress"], "task must be one of"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_do(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert said in printed.err
    assert not list(tmp_path.iterdir()), "wrong usage left files behind"


def test_a_mistake_of_the_program_is_not_made_into_a_usage_line(monkeypatch):
    def broken(*_words, **_flags):
        return [].index("a value error that no check of ours raised")

    monkeypatch.setattr("reports.arguments.locate", broken)
    with pytest.raises(ValueError, match="not in list"):
        main(["compare", "iris"])


def test_help_needs_no_heavy_library():
    code = (
        "import sys; from reports.cli import main; main(['compare', '--help']); "
        "print([m for m in ('torch', 'optuna', 'matplotlib', 'sklearn', 'pandas', 'numpy') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_models_are_listed_with_what_they_serve(capsys):
    assert main(["models", "--task", "regression", "--kind", "table"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"knn", "forest", "dummy"} < set(names)
    assert "cnn" not in names


def test_data_sets_are_listed(capsys):
    from pipelines import dataset_names

    assert main(["datasets"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["name", *dataset_names()]


def test_lines_tell_what_is_worth_keeping_in_a_log():
    log = io.StringIO()
    with watcher(Console(file=log)) as watch:
        for event in EVENTS:
            watch(event)
    assert isinstance(watch, Lines)
    assert log.getvalue().splitlines() == [
        "[2/3] [bold]CNN (cnn): up to 2 trials, 1 of them done before",
        "  searching",
        "  trial 1 of 2: 0.8000 (best 0.8000), 12 s",
        "  trial 3 of 2: failed, 250 ms",
        "  looking at the test part",
        "  accuracy 0.8100 on the test part, 2 min 5 s in all",
        "  timed out after 60 s: no answer in 60 s",
    ]


def test_bars_show_model_trial_epoch_and_the_time_left():
    screen = io.StringIO()
    with watcher(Console(file=screen, force_terminal=True, width=120)) as watch:
        for event in EVENTS[:3]:
            watch(event)
    assert isinstance(watch, Bars)
    for shown in (
        "models",
        "[bold]CNN (cnn)",
        "trials",
        "1/2",
        "epochs",
        "1/9",
        "train loss 0.5",
        "-:--:--",
    ):
        assert shown in screen.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs") / "iris"
    words = ["compare", "iris", "--models", "knn", "--trials", "1", "--out", str(folder)]
    assert main(words) == 0
    return folder


def test_a_comparison_ends_in_a_page_and_names_it(run, capsys):
    assert "<html" in (run / "report.html").read_text(encoding="utf-8")
    assert main(["report", str(run)]) == 0
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()[1:3]] == ["knn", "dummy"]
    assert printed.out.splitlines()[-1] == f"Report: {run / 'report.html'}"
    assert printed.err == ""


def test_a_report_goes_where_it_is_wanted(run, tmp_path, capsys):
    page, folder = tmp_path / "new" / "page.html", tmp_path / "pages"
    assert main(["report", str(run), "--html", str(page), "--markdown", str(folder)]) == 0
    assert page.stat().st_size > 10_000
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("#")
    assert capsys.readouterr().out.splitlines()[-2:] == [f"Report: {page}", f"Report: {folder}"]


def test_a_report_is_handed_on_as_tables_and_plain_data(run, tmp_path, capsys):
    tables, data = tmp_path / "tables", tmp_path / "report.json"
    assert main(["report", str(run), "--csv", str(tables), "--json", str(data)]) == 0
    assert (tables / "comparison.csv").read_text(encoding="utf-8").startswith("model,")
    assert json.loads(data.read_text(encoding="utf-8")) == Report(run).summary


def test_a_run_is_not_overwritten_and_a_finished_one_resumes_at_once(run, capsys):
    words = ["compare", "iris", "--models", "knn", "--trials", "1", "--out", str(run)]
    before = (run / "rows.jsonl").read_bytes()
    assert main(words) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0
    assert (run / "rows.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "named"), [(["--trials", "2"], "n_trials"), (["--seed", "1"], "random_state")]
)
def test_another_question_in_the_same_folder_is_refused(run, change, named, capsys):
    words = ["compare", "iris", "--models", "knn", "--out", str(run), "--resume"]
    assert main([*words, "--trials", "1", *change]) == 2
    assert named in capsys.readouterr().err


def test_a_model_that_does_not_end_well_is_reported_and_the_status_says_so(tmp_path, capsys):
    out = tmp_path / "run"
    words = ["compare", "iris", "--models", "knn", "--time-limit", "0.01s", "--out", str(out)]
    assert main(words) == 1
    printed = capsys.readouterr()
    assert "timed out" in printed.out
    assert "dummy, knn" in printed.err.splitlines()[-1]
    assert (out / "report.html").exists()


def test_an_interrupted_comparison_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupted(*_words, **_flags):
        raise KeyboardInterrupt

    words = ["compare", "iris", "--trials", "3", "--out", str(tmp_path / "my run")]
    monkeypatch.setattr("search.compare", interrupted, raising=False)
    monkeypatch.setattr(sys, "argv", ["bakeoff", *words])
    assert main() == 130
    command = f"bakeoff compare iris --trials 3 --out '{tmp_path / 'my run'}' --resume"
    assert capsys.readouterr().err.splitlines()[-1].endswith(command)


@pytest.fixture(scope="module")
def table_run(tmp_path_factory):
    """Return the folder of a run on a table of its own, with numbers and names."""
    folder = tmp_path_factory.mktemp("tables")
    rows = [f"{i},{'round' if i % 3 else 'long'},{'yes' if i > 30 else 'no'}" for i in range(60)]
    (folder / "fruit.csv").write_text("\n".join(["weight,shape,ripe", *rows]))
    words = ["compare", str(folder / "fruit.csv"), "--target", "ripe", "--models", "logistic"]
    assert main([*words, "--trials", "1", "--out", str(folder / "run")]) == 0
    return folder / "run"


def test_predictions_of_new_rows_hold_probabilities(table_run, tmp_path):
    new, out = tmp_path / "new.csv", tmp_path / "answers.csv"
    new.write_text("shape,note,weight\nround,x,2\nlong,y,58\nlong,z,\n")
    words = ["predict", str(table_run), str(new), "--model", "logistic", "--out", str(out)]
    assert main(words) == 0
    header, first, second, _ = out.read_text().splitlines()
    assert header == "prediction,probability of no,probability of yes"
    assert [first.split(",")[0], second.split(",")[0]] == ["no", "yes"]
    assert float(first.split(",")[1]) + float(first.split(",")[2]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("shape,wieght\nround,1\n", "lacks 'weight' (is it 'wieght' there?)"),
        ("shape,weight\nround,1\nlong,heavy\n", "column 'weight' must hold numbers"),
        ("shape,weight\n", "rows"),
    ],
)
def test_data_of_another_shape_are_refused_by_the_name_of_the_column(
    table_run, table, said, tmp_path, capsys
):
    (tmp_path / "new.csv").write_text(table)
    assert main(["predict", str(table_run), str(tmp_path / "new.csv")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err


def test_predictions_need_a_model_of_the_run(table_run, tmp_path, capsys):
    (tmp_path / "new.csv").write_text("shape,weight\nround,1\n")
    assert main(["predict", str(table_run), str(tmp_path / "new.csv"), "--model", "svm"]) == 2
    assert "svm" in capsys.readouterr().err
