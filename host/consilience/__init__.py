"""Exact Bayesian evidence fusion: the same bits on gateware, in its simulation and on a CPU.

>>> import consilience as cs
>>> with cs.open("cpu") as dev:
...     code = dev.reduce(cs.to_codes([-1.0, -2.0, -3.0]))
>>> s = cs.LogSum.of(cs.to_codes([-1.0, -2.0])).add(cs.to_codes(-3.0))
>>> s.code == int(code[0])
True
"""

import sys

if sys.platform == "win32":  # before the first module that needs locks of files (fcntl)
    raise ImportError(
        "consilience runs on Linux and macOS; under Windows install and run it in WSL "
        "(wsl --install)"
    )

TYPE_CHECKING = False  # as typing's, which takes longer to import than all of this
if TYPE_CHECKING:
    from consilience.api import *  # noqa: F403

    __version__: str
else:

    def __getattr__(name):
        """Import a module of the package, or all public names, when one is first used.

        They need NumPy and numba, which take half a second.
        """
        import importlib.util

        if name == "__version__":
            from importlib.metadata import version

            return version(__name__)
        if not name.startswith("__") and importlib.util.find_spec(f"{__name__}.{name}"):
            return importlib.import_module(f"{__name__}.{name}")
        if name == "__all__" or not name.startswith("__"):
            from consilience import api

            if name in ("__all__", *api.__all__):
                return globals().setdefault(name, getattr(api, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__getattr__("__all__")})
