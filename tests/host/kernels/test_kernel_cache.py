"""Kernels on disk: what is damaged is compiled again, and without a folder there is a warning."""

import importlib
import logging
import os
import pkgutil
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numba.core.caching import NullCache
from numba.core.dispatcher import Dispatcher

import consilience
from consilience.kernels import kernel_cache
from consilience.kernels.compiling import compiled
from tests.permissions import UNPRIVILEGED

ROOT = Path(__file__).parents[3]
TOLD = "kernels are compiled anew at each start, some seconds: "
CURE = "make room there, or set CONSILIENCE_CACHE to a folder that can be written"
VALUES = np.arange(10)


def add_up(values):
    total = 0
    for value in values:
        total += value
    return total


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("CONSILIENCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kernel_cache.KernelCache, "_warned", False)
    return tmp_path / "cache"


def added_up():
    """Return what a new process would get, and whether it had to compile."""
    kernel = compiled(add_up)
    result = kernel(VALUES)
    return int(result), bool(kernel._cache_misses)


def test_a_kernel_is_compiled_once(folder):
    assert added_up() == (45, True)
    assert added_up() == (45, False)
    assert [path.name for path in folder.glob("kernels/*/*.nbc")] == ["kernel.nbc"]


def test_a_kernel_from_disk_needs_no_compiler(tmp_path):
    """Nor the half second that its tables take."""
    program = (
        "import sys, consilience as cs; codes = cs.to_codes([0, 1, float('-inf')]);"
        "print(codes.tolist(), cs.LogSum.of(codes).code, 'numba.np.arraymath' in sys.modules)"
    )
    environment = os.environ | {"CONSILIENCE_CACHE": str(tmp_path)}
    for compiled_here in (True, False):
        answer = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout == f"[0, 94548, -2147483648] 124167 {compiled_here}\n"


def test_functions_that_are_not_there_are_fetched(folder, monkeypatch):
    """A kernel may call what only numba's tables bring into the process."""
    added_up()
    fetched = []
    kernel = compiled(add_up)
    monkeypatch.setattr(kernel_cache.ll, "address_of_symbol", lambda name: None)
    monkeypatch.setattr(type(kernel.targetctx), "refresh", lambda context: fetched.append(context))
    assert (kernel(VALUES), len(fetched)) == (45, 1)


@pytest.mark.parametrize(("name", "parts"), [("*/*.nbc", 4), ("*.sha256", 1)])
def test_a_kernel_cut_or_flipped_was_loaded(folder, name, parts):
    """Always the right sum, and the file is whole again."""
    added_up()
    (path,) = folder.glob(f"kernels/{name}")
    whole = path.read_bytes()
    places = range(0, len(whole), len(whole) // parts)
    for damaged in [
        b"",
        whole[:-1],
        b"garbage",
        *(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in places),
    ]:
        path.write_bytes(damaged)
        assert added_up() == (45, True)
        assert path.read_bytes() != damaged
        assert added_up() == (45, False)


def test_a_constant_changed_in_another_file_was_not_seen(folder, monkeypatch):
    added_up()
    with monkeypatch.context() as patch:
        patch.setattr(kernel_cache, "_sources", lambda file: ["another"])
        assert added_up() == (45, True)
    assert added_up() == (45, False)
    names = kernel_cache._sources(kernel_cache.__file__)
    assert any("PART_BITS = " in text for text in names)
    assert any("class LogFormat" in text for text in names)


def test_a_folder_that_cannot_be_used_is_told_once(folder, monkeypatch, caplog):
    folder.write_text("no folder")
    with caplog.at_level(logging.WARNING, "consilience.kernels"):
        assert added_up() == (45, True)
        assert added_up() == (45, True)
    assert [record.message for record in caplog.records] == [
        f"{TOLD}{folder}/kernels: Not a directory; {CURE}"
    ]
    monkeypatch.setattr(kernel_cache.numba.config, "CACHE_DIR", str(folder.with_name("numba")))
    assert added_up() == (45, True)
    assert added_up() == (45, False)


@pytest.mark.slow
@pytest.mark.skipif(UNPRIVILEGED is None, reason="root ignores permissions, and no setpriv here")
def test_a_read_only_home_and_package_ended_in_the_traceback_of_numba(tmp_path):
    """It found no locator for its cache. Here for somebody whom permissions bind."""
    home, package = tmp_path / "home", tmp_path / "package"
    for source in ("hw/consilience_hw", "sim/consilience_sim", "host/consilience"):
        target = package / Path(source).name
        shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "e.csv").write_text("agent,benign,hijacked\n1,-1,-2\n1,-2,-1\n")
    home.mkdir()
    for folder in (home, *(path for path in package.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    program = "import sys; from consilience.cli.app import main; sys.exit(main())"
    words = [*UNPRIVILEGED, sys.executable, "-c", program, "fuse", "e.csv", "--out", "o.csv"]
    unset = ("CONSILIENCE_CACHE", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"HOME": str(home), "PYTHONPATH": str(package)}
    answer = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0
    assert (tmp_path / "o.csv").read_text().count("\n") == 2
    told = f"{TOLD}{home}/.cache: Permission denied; {CURE}"
    note = (
        "note: 1 agents are undecided: no hypothesis has probability 0.95 or more. --cost decides "
        "by what errors cost, --decide most-probable takes the largest however near the next one is"
    )
    assert answer.stderr.splitlines() == [told, "opening cpu ...", note]


def test_an_interruption_while_a_kernel_was_compiled_lost_it(folder, monkeypatch):
    """It came in a callback of LLVM: "no compiled object yet", and a traceback."""
    kernel = compiled(add_up)
    load = kernel._cache.load_overload

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return load(*arguments)

    monkeypatch.setattr(kernel._cache, "load_overload", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kernel(VALUES)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert kernel(VALUES) == 45
    assert added_up() == (45, False)
    found = []
    thread = threading.Thread(target=lambda: found.append(added_up()))  # where no signal comes
    thread.start()
    thread.join()
    assert found == [(45, False)]


def test_a_second_interruption_is_not_put_off(folder, monkeypatch):
    kernel = compiled(add_up)

    def interrupted(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it went on")

    monkeypatch.setattr(kernel._cache, "load_overload", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kernel(VALUES)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_no_kernel_is_left_to_the_cache_of_numba():
    """Its own is unchecked."""
    found = {}
    for module in pkgutil.walk_packages(consilience.__path__, "consilience."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Dispatcher) and value.py_func.__module__ == module.name:
                found[name] = type(value._cache)
    assert set(found.values()) == {kernel_cache.KernelCache, NullCache}
    assert found["sum_segments"] is found["quantise_each"] is kernel_cache.KernelCache
