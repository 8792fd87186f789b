"""The report in a real browser: nothing fetched, nothing scripted by names, usable by everybody."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reports import Report, SeveralReport
from tests.runs import epochs, write_diabetes, write_digits, write_hostile

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}
RUNS = ("digits", "diabetes", "hostile", "several")
WARNING = {
    "guard": "duplicates", "severity": "warning", "number": 0.1,
    "sentence": "15 of 150 test rows (10.0%) stand in the training part too, exactly.",
}  # fmt: skip
Open = Callable[..., Any]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).is_file(), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a page of each run."""
    folder = tmp_path_factory.mktemp("browser")
    runs = {
        "digits": write_digits(
            folder / "digits",
            n_trials=11,
            failed={"cnn": "ValueError: kernel_size must be <= 8."},
            histories={"forest": epochs(30)},
            findings=[WARNING],
        ),
        "diabetes": write_diabetes(folder / "diabetes", n_trials=6),
        "hostile": write_hostile(folder / "hostile"),
    }
    pages = {name: Report(run).to_html(folder / f"{name}.html") for name, run in runs.items()}
    joint = SeveralReport([runs["digits"], runs["diabetes"]])
    return pages | {"several": joint.to_html(folder / "several.html")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, pages: dict[str, Path]) -> Iterator[Open]:
    """Return what opens a page and fails the test for any message or request but its own."""
    complaints: list[str] = []
    contexts = []

    def opened(name: str, view: str = "light") -> Any:
        url = pages[name].as_uri()
        contexts.append(browser.new_context(**VIEWS[view]))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((url, "data:")) else complaints.append(request.url)
            ),
        )
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", RUNS)
def test_page_is_accessible_quiet_and_fits_the_screen(open_page, name, view):
    page = open_page(name, view)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    found = axe.Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("view", VIEWS)
def test_screenshots_are_kept(open_page, view):
    SCREENSHOTS.mkdir(exist_ok=True)
    for name in RUNS:
        path = SCREENSHOTS / f"{name}-{view}.png"
        open_page(name, view).screenshot(path=path, full_page=True)
        assert path.stat().st_size > 20_000


def test_print_shows_what_was_folded_and_leaves_out_what_only_a_screen_needs(open_page):
    SCREENSHOTS.mkdir(exist_ok=True)
    page = open_page("digits")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details.fold:not([open])").count() == 0
    assert not page.locator("nav").is_visible()
    assert page.locator(".filter").first.is_hidden()
    page.screenshot(path=SCREENSHOTS / "digits-print.png", full_page=True)
    page.pdf(path=SCREENSHOTS / "digits.pdf", format="A4")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.fold:not([open])").count() > 0


def test_table_is_sorted_by_keyboard(open_page):
    page = open_page("digits")
    head = page.locator("#table-comparison thead th", has_text="Fit")
    models = page.locator("#table-comparison tbody th")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    rising = ["dummy", "k nearest neighbours", "random forest", "convolutional network"]
    assert models.all_inner_texts() == rising
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    # what has no value stays at the end either way
    assert models.all_inner_texts() == [*rising[2::-1], rising[3]]
    page.locator("#table-comparison thead button").first.press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert models.all_inner_texts() == sorted(rising)


def test_numbers_in_the_first_column_are_sorted_as_numbers(open_page):
    page = open_page("digits")
    table = page.locator("#table-trials-knn")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    table.locator("thead button").first.press("Enter")
    numbers = [int(text) for text in table.locator("tbody th").all_inner_texts()]
    assert numbers == list(range(11))


def test_table_is_filtered_by_what_is_typed(open_page):
    page = open_page("digits")
    rows = page.locator("#table-f1-by-class tbody tr")
    field = page.get_by_label("Filter rows").first
    field.press_sequentially("7")
    shown = [row for row in rows.all() if row.is_visible()]
    assert 0 < len(shown) < rows.count()
    assert all("7" in row.inner_text() for row in shown)
    assert page.locator(".filter output").first.inner_text() == f"{len(shown)} of 10 shown"
    field.fill("")
    assert all(row.is_visible() for row in rows.all())


def test_keyboard_skips_to_the_report_and_opens_a_fold(open_page):
    page = open_page("digits")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    fold = page.locator("details.fold").first
    fold.locator("summary").first.press("Enter")
    assert fold.get_attribute("open") is not None


def test_dark_page_has_light_plots(open_page):
    colours = {
        view: open_page("digits", view)
        .locator("#figure-scores svg text")
        .first.evaluate("text => getComputedStyle(text).fill")
        for view in ("light", "dark")
    }
    brightness = {view: sum(map(int, c[4:-1].split(","))) for view, c in colours.items()}
    assert brightness["light"] < 330
    assert brightness["dark"] > 450
