"""Gateware of consilience: exact log-sum-exp (a superaccumulator) and Bayesian fusion.

>>> from consilience_hw import Exp2, to_verilog
>>> text = to_verilog(Exp2(), "exp2")

`units` has the names that this package offers. Everything under `spec` (number formats, tables,
result flags, link map) imports no Amaranth, so that models and host software share it.
"""

TYPE_CHECKING = False  # as typing's, which takes longer to import than all of this
if TYPE_CHECKING:
    from consilience_hw.units import *  # noqa: F403
else:

    def __getattr__(name):
        """Import the units when one of them is first asked for: they need Amaranth."""
        import importlib

        if name == "__all__" or not name.startswith("_"):
            units = importlib.import_module("consilience_hw.units")
            if name in ("__all__", *units.__all__):
                return getattr(units, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__getattr__("__all__")})
