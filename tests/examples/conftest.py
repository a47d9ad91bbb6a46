"""Loads the example by path, as the command line does: it is no installed package."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples" / "agent_traces"

if "agent_traces" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "agent_traces", FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["agent_traces"] = package
    spec.loader.exec_module(package)
