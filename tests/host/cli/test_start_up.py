"""What a command costs before it works: processor time, and packages that it has no use for."""

import resource
import subprocess
import sys

import pytest

PROGRAM = "import sys; from consilience.cli.app import main; code = main()"
TELLING = PROGRAM + "; print(*sys.modules, file=sys.stderr); sys.exit(code)"
UNUSED = {"coverage", "pandas", "scipy"}
RUNS = 3
EVIDENCE = "agent,benign,hijacked\n" + "7,-1,-2\n8,-2,-1.5\n" * 500


def seconds(words, folder):
    """Return the processor time of a command: the least of a few, after one."""
    found = []
    for _ in range(RUNS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-c", PROGRAM, *words], cwd=folder, capture_output=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(found[1:])


@pytest.mark.parametrize(
    ("words", "most"), [(["--help"], 0.3), (["fuse", "e.csv", "--out", "o.csv", "--force"], 1.0)]
)
def test_processor_time_beside_that_of_the_interpreter_and_numpy(words, most, tmp_path):
    """In units of a start that takes 0.1 s where nothing else runs: a machine may be slow."""
    (tmp_path / "e.csv").write_text(EVIDENCE)
    unit = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        unit.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert seconds(words, tmp_path) <= most * max(1.0, min(unit) / 0.1)


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
