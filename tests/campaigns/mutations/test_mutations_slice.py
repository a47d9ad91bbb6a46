"""A slice of ``make mutants``: the planted faults are plantable, and four of them are caught."""

import json
import os
import subprocess
import sys

from tests.campaigns.mutations.guards import GUARDS
from tests.campaigns.mutations.planted import PLANTED
from tests.campaigns.mutations.python_campaign import chosen, mutants
from tests.campaigns.mutations.scratch import ROOT
from tests.campaigns.mutations.survivors import listed

QUICK = (
    "exp2: one mantissa of 65,536 is off by one",
    "packet merge: over capacity of one side is lost",
    "rounding: borders are off by one unit",
    "operation: the CRC of results is not checked",
)


def test_every_fault_changes_one_place_and_no_two_are_the_same():
    texts = {(fault.path, fault.mutated(ROOT)) for fault in PLANTED}
    assert len(texts) == len({fault.name for fault in PLANTED}) == len(PLANTED) >= 36


def test_every_catcher_exists():
    catchers = sorted({fault.catcher for fault in PLANTED})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *catchers], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "deselected" not in done.stdout, "no catcher is a slow test"


def test_four_faults_are_caught(tmp_path):
    command = [sys.executable, "-m", "tests.campaigns.mutations", "planted", "--out", str(tmp_path)]
    for name in QUICK:
        command += ["--only", name]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COLUMNS": "100"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    part = json.loads((tmp_path / "mutants.json").read_text())["parts"]["planted"]
    assert sorted(case["name"] for case in part["cases"]) == sorted(QUICK)
    assert {case["how"] for case in part["cases"]} == {"failed"}


def test_a_fault_without_a_test_is_told(tmp_path):
    """A test that passes with the fault in place: the run must say so and fail."""
    script = (
        "from pathlib import Path\n"
        "from tests.campaigns.mutations.campaign import Case, Field\n"
        "from tests.campaigns.mutations.trial import start_server\n"
        "if __name__ == '__main__':\n"
        "    start_server()\n"
        f"    field = Field(Path({str(tmp_path)!r}))\n"
        "    tests = ('tests/hw/spec/test_link_map.py',)\n"
        "    path = 'hw/consilience_hw/reduction/lane_group.py'\n"
        "    text = (field.root / path).read_text().replace('& (low | high)', '')\n"
        "    field.rehearse([tests], lambda: None)\n"
        "    print(field.judge([Case('keep', path, text, (tests,))], lambda: None)[0].how)\n"
    )
    file = tmp_path / "try_one.py"
    file.write_text(script)
    done = subprocess.run(
        [sys.executable, str(file)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["survived"], done.stdout + done.stderr


def test_random_mutants_are_the_same_in_every_run():
    names = [mutant.name for mutant in chosen(ROOT)]
    assert names == [mutant.name for mutant in chosen(ROOT, 0.1)][: len(names)]
    assert len(set(names)) == len(names) >= 500
    assert all(reason.strip() for part in ("python", "netlist") for reason in listed(part).values())


def test_every_room_that_decides_was_not_tried():
    """Those of the shards, of liars and of evidence had no mutants at all."""
    rooms = {"epochs", "reads", "staleness", "totals", "distributed", "robust", "evidence"}
    assert rooms <= {path.split("/")[-2] for path in GUARDS}
    for path, tests in GUARDS.items():
        assert all((ROOT / test).is_file() for test in tests if test.endswith(".py")), path


def test_every_python_survivor_that_is_argued_can_be_made():
    assert set(listed("python")) <= {mutant.name for mutant in mutants(ROOT)}
