"""The documentation site: ``make site`` builds docs/ with Sphinx; a warning is an error."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "consilience"
author = "the authors of consilience"
project_copyright = "the authors of consilience, Apache-2.0"
version = release = version_of("consilience")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "written_parts",
]
exclude_patterns = ["site", "**/*.j2", "pictures"]
html_theme = "furo"
html_title = f"consilience {version}"
myst_heading_anchors = 4
default_role = "code"
# Types of parameters are words, as "(n,) codes"; where such a word names two attributes it is no
# reference to either.
suppress_warnings = ["ref.python"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
