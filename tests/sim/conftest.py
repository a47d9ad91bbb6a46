"""cocotb runs with the options of this run of pytest."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from consilience_sim.netlists import Netlist
from consilience_sim.testing.cocotb_design import CocotbDesign, DesignSources


class Tested(NamedTuple):
    """A built design, and the tests that it has to pass."""

    design: CocotbDesign
    top: Any

    def check(self, out: Path) -> int:
        """Run its tests; return their number, or raise RunFailed with what failed."""
        return self.design.check(self.top.module, out, **self.top.plusargs)


class Cocotb:
    """Builds designs for cocotb."""

    def __init__(self, config: pytest.Config) -> None:
        self._simulator: str = config.getoption("--simulator")
        self._waves: bool = config.getoption("--waves")
        self._root = config.rootpath / "build" / "cocotb"

    def top(self, name: str, lanes: int) -> Any:
        """Return one of `toplevels.TOPLEVELS`."""
        from toplevels import toplevel  # of sim/testbenches, which the fixture puts on the path

        return toplevel(name, lanes)

    def toplevel(self, name: str, lanes: int) -> Tested:
        """Return one of `toplevels.TOPLEVELS`, built, with its tests."""
        top = self.top(name, lanes)
        return Tested(self._built(top.name, DesignSources.of(top.component)), top)

    def component(self, name: str, component: Any) -> CocotbDesign:
        """Return a component that is no toplevel, built in the folder of its name."""
        return self._built(name, DesignSources.of(component))

    def netlist(self, name: str, netlist: Netlist) -> CocotbDesign:
        """Return what synthesis made of a component, built; its name is that of its folder."""
        return self._built(name, DesignSources.of_netlist(netlist))

    def _built(self, name: str, sources: DesignSources) -> CocotbDesign:
        return CocotbDesign.built(sources, self._root, name, self._simulator, self._waves)


@pytest.fixture
def cocotb_designs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Cocotb:
    """Builder of designs; the modules of sim/testbenches are importable in their tests."""
    monkeypatch.syspath_prepend(str(request.config.rootpath / "sim" / "testbenches"))
    return Cocotb(request.config)
