"""What the site has beside the pages: the API from docstrings, the help of all commands."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

from consilience import api
from consilience.cli.program import whole_program

_API, _COMMANDS = "<!-- names of consilience -->", "<!-- help of all commands -->"
_OUT = r"\]\(((?:\.\./){%d,}(?!docs/)[^)#\s]+\.md)(?:#[^)\s]*)?\)"
"""Links to Markdown outside docs/, which is no page of the site: so many folders up, or more."""


def _names() -> Iterator[str]:
    """Yield a directive for each public name: classes and functions, then what is neither."""
    yield "```{eval-rst}"
    for name in sorted(api.__all__, key=lambda one: (one[0].islower(), one.lower())):
        value = getattr(api, name)
        if inspect.isclass(value):
            members = "   :members:\n   :inherited-members: object"
            yield f".. autoclass:: consilience.{name}\n{members}\n"
        elif callable(value):
            yield f".. autofunction:: consilience.{name}\n"
        else:
            yield f".. autodata:: consilience.{name}\n   :no-value:\n"
    yield "```"


def _help(command: Any, words: str) -> Iterator[str]:
    """Yield the help of a command, and of those below it."""
    for name, one in sorted(getattr(command, "commands", {}).items()):
        path = f"{words} {name}"
        yield f"### {path}\n\n{inspect.cleandoc(one.help or '')}\n"
        context = one.context_class(one, info_name=path)
        rows = [
            record for record in (each.get_help_record(context) for each in one.params) if record
        ]
        if rows:
            yield "| | |\n|---|---|"
            yield from (f"| `{_cell(option)}` | {_cell(text)} |" for option, text in rows)
            yield ""
        yield from _help(one, path)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|").replace("<", "&lt;")


def _written(_app: Sphinx, page: str, text: list[str]) -> None:
    if page == "api":
        text[0] = text[0].replace(_API, "\n".join(_names()))
    if page == "commands":
        text[0] = text[0].replace(_COMMANDS, "\n".join(_help(whole_program(), "consilience")))
    out = re.compile(_OUT % (page.count("/") + 1))
    text[0] = out.sub(lambda link: link[0].replace("](", "](path:", 1), text[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Let the parts be written when a page is read."""
    app.connect("source-read", _written)
    return {"parallel_read_safe": True}
