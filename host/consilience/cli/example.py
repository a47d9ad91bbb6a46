"""The example of agent traces: it belongs to the checkout, not to the package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from consilience.errors import BadInput

__all__ = ["agent_traces"]

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
