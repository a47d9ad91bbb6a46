"""What a command costs before it works: processor time, and packages that it has no use for."""

import resource
import subprocess
import sys

import pytest

UNIT = "import numpy"
PROGRAM = "import sys; from consilience.cli.app import main; code = main()"
TELLING = PROGRAM + "; print(*sys.modules, file=sys.stderr); sys.exit(code)"
UNUSED = {"coverage", "pandas", "scipy"}
TRIES = 3
EVIDENCE = "agent,benign,hijacked\n" + "7,-1,-2\n8,-2,-1.5\n" * 500


def seconds(code, words, folder):
    """Return the processor time of a program in a fresh interpreter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.parametrize(
    ("words", "most"), [(["--help"], 3), (["fuse", "e.csv", "--out", "o.csv", "--force"], 10)]
)
def test_processor_time_in_units_of_a_start_with_numpy(words, most, tmp_path):
    """Each try lies between two units: what else runs then slows all three."""
    (tmp_path / "e.csv").write_text(EVIDENCE)
    seconds(PROGRAM, words, tmp_path)
    tries = []
    for _ in range(TRIES):
        first, command, second = (seconds(code, words, tmp_path) for code in (UNIT, PROGRAM, UNIT))
        tries.append(2 * command / (first + second))
    assert min(tries) <= most, tries


def test_fuse_imports_no_package_that_it_does_not_use(tmp_path):
    (tmp_path / "e.csv").write_text(EVIDENCE)
    answer = subprocess.run(
        [sys.executable, "-c", TELLING, "fuse", "e.csv", "--out", "o.csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in answer.stderr.splitlines()[-1].split()}
    assert "consilience" in loaded
    assert not loaded & UNUSED
