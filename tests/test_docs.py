"""Documentation fails when it is wrong: pages run, docstrings are complete, tables are current."""

from __future__ import annotations

import doctest
import importlib.util
import inspect
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from numpydoc.validate import validate

from reports.cli import app, main

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
QUICK = ("README", "adding-a-model")  # the others run in `make test-all`
PACKAGES = ("estimators", "pipelines", "search", "reports")

# What numpydoc asks for and we do not: a See Also section, a second paragraph, a sentence for
# each returned value, an example for each method; parameters in the order of the constructor
# (ours are keywords, the model's own come first) and capitals at the start (skorch has none).
# A method whose one sentence says it all needs no sections; where it has one, it has all.
SECTIONS = {"PR01", "RT01"}
NOT_ASKED = {"SA01", "ES01", "RT03", "EX01", "PR03", "PR08"}


def ours(thing: object) -> bool:
    return (getattr(thing, "__module__", None) or "").split(".")[0] in PACKAGES


def public(package: str) -> dict[str, object]:
    """Return the public classes and functions of ours by dotted name, adopted ones left out."""
    module = importlib.import_module(package)
    things = [getattr(module, name) for name in getattr(module, "__all__", ())]
    return {f"{thing.__module__}.{thing.__qualname__}": thing for thing in things if ours(thing)}


def methods(cls: type) -> Iterator[str]:
    """Yield the public methods and properties that are ours, undocumented overrides left out."""
    for name, member in inspect.getmembers(cls):
        function = member.fget if isinstance(member, property) else member
        is_method = inspect.isfunction(function) or isinstance(member, property)
        if not name.startswith("_") and is_method and ours(function) and function.__doc__:
            yield name


def faults_of(dotted: str, *, is_method: bool) -> list[tuple[str, str]]:
    """Return codes and texts of what a docstring lacks."""
    found = validate(dotted)
    in_short = is_method and "----" not in found["docstring"]
    left_out = NOT_ASKED | SECTIONS if in_short else NOT_ASKED
    return [(code, text) for code, text in found["errors"] if code not in left_out]


def modules() -> list[str]:
    found = []
    for package in PACKAGES:
        paths = [str(ROOT / package)]
        found += [info.name for info in pkgutil.walk_packages(paths, f"{package}.")]
    return [name for name in found if ">>>" in source(name)]


def source(module: str) -> str:
    path = ROOT / module.replace(".", "/")
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_have_a_complete_docstring_with_an_example(package):
    faults = []
    for dotted, thing in public(package).items():
        is_class = inspect.isclass(thing)
        names = [dotted, *(f"{dotted}.{name}" for name in (methods(thing) if is_class else ()))]
        faults += [
            f"{name}: {code} {fault}"
            for name in names
            for code, fault in faults_of(name, is_method=name != dotted)
        ]
        is_error = is_class and issubclass(thing, Exception)
        if not is_error and ">>>" not in inspect.getdoc(thing):
            faults.append(f"{dotted}: no example")
    assert faults == []


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert outcome.failed == 0


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return language and text of every block of code of a page that is to be run.

    What needs a server is run by tests/test_workers.py.
    """
    found = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    return [
        (language, text)
        for language, text in found
        if language in ("python", "console") and "postgresql://" not in text
    ]


def quick(text: str) -> str:
    """Return the same with one trial of the first model: the page shows the way, not a score."""
    text = re.sub(r"(--trials |n_trials=)\d+", r"\g<1>1", text)
    text = re.sub(r"(--models \w+)( \w+)+", r"\1", text)
    return re.sub(r"(compare\(\[\"\w+\")[^]]*\]", r"\1]", text)


def write_user_files(folder: Path) -> None:
    """Write the files that the pages take for the reader's own."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 240),
            "plan": rng.choice(["basic", "plus", "max"], 240),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 240), "D"),
            "calls": np.where(rng.random(240) < 0.1, np.nan, rng.normal(20, 5, 240).round(1)),
        }
    )
    churned = (table["plan"] == "basic") & (table["age"] + rng.normal(0, 9, 240) < 60)
    table.assign(churned=np.where(churned, "yes", "no")).to_csv(folder / "churn.csv", index=False)
    table.head(5).to_csv(folder / "new.csv", index=False)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=[] if page.stem in QUICK else pytest.mark.slow)
        for page in PAGES
        if blocks(page)
    ],
)
def test_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    write_user_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for language, text in blocks(page):
        if language == "python":
            exec(compile(quick(text), page.name, "exec"), names)
        for line in re.findall(r"^\$ bakeoff (.*)$", text, re.M) if language == "console" else ():
            assert main(shlex.split(quick(line))) == 0, line


def anchors(page: Path) -> set[str]:
    """Return the anchors that headings get, on a code-hosting site and in ours."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link:
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_tables_made_from_the_program_are_up_to_date():
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "docs" / "catalogue.py")
    catalogue = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(catalogue)
    for page in catalogue.PAGES:
        text = page.read_text(encoding="utf-8")
        assert catalogue.filled(text) == text, f"{page.name}: run `python docs/catalogue.py`"


@pytest.mark.parametrize("name", sorted(typer.main.get_command(app).commands))
def test_every_command_and_option_is_documented(name):
    page = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
    section = re.search(rf"^## `bakeoff {name}.*?(?=^## |\Z)", page, re.M | re.S)
    assert section, f"no section for {name}"
    params = typer.main.get_command(app).commands[name].params
    options = [option for param in params for option in param.opts if option.startswith("--")]
    missing = [
        option for option in options if f"`{option}" not in section[0] and option != "--help"
    ]
    assert missing == []


def test_the_table_of_commands_names_each_once():
    listed = re.findall(r"^\| `bakeoff (\w+)", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert sorted(listed) == sorted(typer.main.get_command(app).commands)


def test_every_part_of_the_report_is_explained():
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "reports" / "sections").glob("*.py")
    )
    titles = set(re.findall(r'Section\(\s*"[\w-]+",\s*"([^"]+)"', text))
    headings = re.findall(
        r"^## (.+)$", (ROOT / "docs" / "report.md").read_text(encoding="utf-8"), re.M
    )
    assert len(titles) > 10
    assert titles - set(headings) == set()
