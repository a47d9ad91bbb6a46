"""The cache of compiled engines, and what happens when they cannot be built."""

import logging
import multiprocessing
import os
import shlex
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from consilience_hw.spec.engine_config import EngineConfig
from consilience_sim.compiled import (
    BuildFailed,
    CompilerMissing,
    EngineSimulation,
    StreamSimulation,
    emission,
    library,
)
from consilience_sim.compiled.compiler import find_compiler
from consilience_sim.compiled.emission import TOP, write_cxxrtl
from consilience_sim.compiled.library import cache_folder, engine_library

OPTIONS = {"serial": True, "hypotheses": 0, "weights": False, "largest_payload": 256}
CONFIG = EngineConfig(**OPTIONS, credits=2)
OTHER = EngineConfig(**OPTIONS, credits=4)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CONSILIENCE_CACHE", str(folder))
    return folder


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """A quick build, of a nothing: each library it makes is a line in the compiler's journal."""
    journal = tmp_path / "journal"
    program = tmp_path / "compiler.py"
    source = f"""
        import sys, time
        from pathlib import Path

        if "--version" in sys.argv:
            print("1.0")
        else:
            time.sleep(0.2)  # the other process finds it at work
            Path(sys.argv[sys.argv.index("-o") + 1]).write_text("a library")
            with open({str(journal)!r}, "a") as file:
                print(" ".join(sys.argv), file=file)
        """
    program.write_text(textwrap.dedent(source))
    monkeypatch.setenv("CXX", shlex.join([sys.executable, str(program)]))
    monkeypatch.setattr(library, "emit_engine", small_design)
    return journal


def small_design(config, platform):
    o = Signal()
    m = Module()
    m.d.sync += o.eq(~o)
    return f"# {config}\n" + rtlil.convert(m, name=TOP, ports=[o], emit_src=False)


def compiled(journal):
    return len(journal.read_text().splitlines())


def forbidden(*arguments, **options):
    raise AssertionError("built again")


def test_an_engine_is_compiled_once(cache, compiler, monkeypatch, caplog):
    with caplog.at_level(logging.INFO, "consilience.simulation"):
        first = engine_library(CONFIG, waves=False)
    assert first.read_text() == "a library"
    assert [record.message.split(" in ")[0] for record in caplog.records] == [
        "compiling the simulated engine, once; about a minute",
        "compiled the simulated engine",
    ]
    assert first != engine_library(CONFIG, waves=True)
    other = engine_library(OTHER, waves=False)
    assert compiled(compiler) == 3
    assert other.parent.parent == first.parent.parent == cache / "sim"
    assert not list((cache / "sim").glob("*.build-*"))

    monkeypatch.setattr(library, "write_cxxrtl", forbidden)
    monkeypatch.setattr(library, "emit_engine", forbidden)
    assert engine_library(CONFIG, waves=False) == first
    assert engine_library(OTHER, waves=False) == other


def test_what_changes_the_library_makes_another(cache, compiler, monkeypatch, tmp_path):
    first = engine_library(CONFIG, waves=False)
    with monkeypatch.context() as patch:
        harness = tmp_path / "harness.cc"
        harness.write_text("// another\n")
        patch.setattr(library, "HARNESS", harness)
        second = engine_library(CONFIG, waves=False)
    with monkeypatch.context() as patch:
        patch.setenv("CXX", f"{os.environ['CXX']} -g")
        third = engine_library(CONFIG, waves=False)
    assert len({first, second, third}) == compiled(compiler) == 3


def test_two_processes_at_once(cache, compiler):
    script = f"""
        from consilience_hw.spec.engine_config import EngineConfig
        from consilience_sim.compiled.library import engine_library

        config = EngineConfig(**{OPTIONS}, credits=2)
        assert engine_library(config, waves=False).read_text() == "a library"
        """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert compiled(compiler) == 1


def test_a_design_is_not_noted_for_gateware_edited_since(cache, compiler, monkeypatch):
    """A process that runs the old gateware must not leave it to those that run the new one."""
    monkeypatch.setattr(emission, "_imported", 0.0)
    first = engine_library(CONFIG, waves=False)
    assert not (cache / "sim" / "designs").exists()
    assert engine_library(CONFIG, waves=False) == first
    assert compiled(compiler) == 1


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"CONSILIENCE_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a")),
        ({"CONSILIENCE_CACHE": "a"}, Path("a").absolute()),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/consilience")),
        ({}, Path("/home/me/.cache/consilience")),
    ],
)
def test_cache_folder(monkeypatch, variables, folder):
    for name in ("CONSILIENCE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == folder


def test_a_compiler_that_fails(cache, monkeypatch):
    monkeypatch.setenv("CXX", "false")
    message = r"cannot be built: the C\+\+ compiler failed \(exit status 1\), log in (.*)"
    with pytest.raises(BuildFailed, match=message) as failure:
        EngineSimulation(CONFIG, entropy=0, waves=cache.parent / "engine.vcd")
    log = Path(str(failure.value).rpartition(" ")[2])
    assert log.exists()
    assert log.parent == cache / "sim"
    assert "\n" not in str(failure.value)
    assert not list((cache / "sim").glob("*/engine.so"))


def test_a_build_that_failed_is_tried_again(cache, compiler, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(library, "runtime_headers", forbidden)
        with pytest.raises(AssertionError):
            engine_library(CONFIG, waves=False)
    assert engine_library(CONFIG, waves=False).exists()


@pytest.mark.parametrize("wish", [None, "no_such_compiler -O1"])
def test_no_compiler(monkeypatch, tmp_path, wish):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    if wish is not None:
        monkeypatch.setenv("CXX", wish)
    named = "no program no_such_compiler, named by CXX" if wish else "needs a C\\+\\+ compiler"
    with pytest.raises(CompilerMissing, match=f"{named}: install g\\+\\+ .*apt install.* CXX"):
        EngineSimulation(CONFIG, entropy=0)


def test_a_compiler_of_unbalanced_quotes_was_a_traceback(monkeypatch):
    monkeypatch.setenv("CXX", 'g++ "-O1')
    with pytest.raises(CompilerMissing, match=r"CXX is no command \(No closing quotation\): inst"):
        find_compiler()


def test_a_combinational_loop_is_refused(tmp_path):
    """One evaluation per clock edge would not simulate it."""
    chain, i, o = Signal(3), Signal(), Signal()
    m = Module()
    m.d.comb += [chain[0].eq(i), chain[1].eq(chain[0] ^ i), chain[2].eq(chain[1] ^ i)]
    m.d.sync += o.eq(chain[2])
    design = rtlil.convert(m, name=TOP, ports=[chain, i, o], emit_src=False)
    log = tmp_path / "log"
    with pytest.raises(BuildFailed, match="Yosys failed"):
        write_cxxrtl(design, tmp_path, log, waves=False)
    assert "feedback wires" in log.read_text()


def test_a_start_from_the_cache_is_quick():
    EngineSimulation(CONFIG, entropy=0).close()
    started = time.perf_counter()
    EngineSimulation(CONFIG, entropy=0).close()
    assert time.perf_counter() - started < 0.5


class Doubler(wiring.Component):
    """A design that is compiled in a second."""

    i: In(stream.Signature(8, always_ready=True))
    o: Out(stream.Signature(9, always_ready=True))

    def elaborate(self, platform):
        m = Module()
        m.d.sync += [self.o.p.eq(2 * self.i.p), self.o.valid.eq(self.i.valid)]
        return m


def doubled():
    with StreamSimulation(Doubler(), name="doubler") as simulation:
        outputs, *_ = simulation.run(np.array([[3], [200]], np.uint8), 2, max_cycles=100)
    return outputs.tolist()


def test_a_library_cut_short_ended_the_program_with_sigbus(cache):
    """In processes of their own: the fault was a signal, and a mapped library stays as it was."""
    for damage in (None, 5000, 0):
        for path in cache.rglob("design.so"):
            os.truncate(path, damage)
        process = multiprocessing.get_context("fork").Process(
            target=lambda: os._exit(doubled() != [[6, 0], [144, 1]])
        )
        process.start()
        process.join()
        assert process.exitcode == 0
