"""The example of agent traces: it belongs to the checkout, not to the package."""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from rich.console import RenderableType
from rich.text import Text

from consilience.cli.output import Output, key_values
from consilience.errors import BadInput, Mismatch

__all__ = ["agent_traces", "tell_checked"]

_CHECKOUT = Path(__file__).resolve().parents[3]
_EXAMPLE = Path("examples") / "agent_traces"


def agent_traces() -> ModuleType:
    """Return the example, imported by path; BadInput outside a checkout."""
    init = _CHECKOUT / _EXAMPLE / "__init__.py"
    if not init.is_file():
        raise BadInput(
            f"no {_EXAMPLE} beside the package; this needs a checkout: clone the repository "
            "and run `make demo` in it"
        )
    name = "consilience_example_agent_traces"
    specification = importlib.util.spec_from_file_location(name, init)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def tell_checked(
    output: Output,
    result: Any,
    value: Mapping[str, object],
    figures: Mapping[str, object],
    what: str,
    more: Sequence[RenderableType] = (),
) -> None:
    """Say what a run found that was compared with the golden model; exit with 8 if `what` differed.

    Parameters
    ----------
    output : Output
    result : DemoResult or ReplayResult
    value, figures : mapping
        For JSON, and for a person.
    what : str
        What was compared, for the message.
    more : sequence
        Shown below the figures.
    """
    count = result.mismatches
    output.result(
        value,
        key_values(figures),
        "",
        *more,
        f"report {result.report}",
        Text(f"mismatches {count}", "bold red" if count else "bold green"),
    )
    if count:
        output.failure(
            f"{count} {what} of {result.device} differ from the golden model; "
            "report it with the output of `consilience status`",
            Mismatch.exit_code,
        )
        raise typer.Exit(Mismatch.exit_code)
