"""Sphinx's settings: Markdown pages, and a reference made from the docstrings."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent.parent))

project = "bakeoff"
release = metadata.version("bakeoff")
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build", "templates"]
html_title = f"bakeoff {release}"
html_theme_options = {
    "description": "Which model, and how sure?",
    "page_width": "1100px",
    "font_family": "sans-serif",
}
html_show_copyright = False

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3  # links to headings work as on a code-hosting site

templates_path = ["templates"]
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False
autodoc_default_options = {"members": True, "inherited-members": True}


def setup(app: Sphinx) -> None:
    """Leave out what is documented elsewhere: what our classes inherit from scikit-learn's."""
    app.connect("autodoc-skip-member", _skip_foreign)


def _skip_foreign(_app: Sphinx, _what: str, _name: str, member: object, *_: object) -> bool | None:
    function = getattr(member, "fget", member)
    package = (getattr(function, "__module__", None) or "estimators").split(".")[0]
    return None if package in ("estimators", "pipelines", "search", "reports") else True
