"""Every code block of README, tutorials and how-tos is carried out, or says what it needs.

`WAYS` has every page; what a page has to carry out is counted without doing it, so that no block
comes or goes unseen.
"""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs import given
from tests.docs.blocks import carried_out, is_printed, to_do
from tests.docs.page import blocks_of
from tests.host.distributed.test_processes import free_port

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Way:
    """How a page is carried out.

    Its steps, and those that it says to need something; what makes its files and names; the ports
    that it names; programs without which it is not carried out.
    """

    run: int
    needs: int = 0
    given: tuple[Callable[[Path], None], ...] = ()
    names: Callable[[], dict[str, object]] = dict
    ports: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


WAYS = {
    "README.md": Way(2, 2, (given.traces,), given.arrays),
    "docs/architecture.md": Way(2),
    "docs/audit.md": Way(4, 0, (given.scores,)),
    "docs/dashboard.md": Way(0),
    "docs/engines.md": Way(2, 0, (given.coded,), given.board_sum),
    "docs/export.md": Way(2, 4),
    "docs/epochs.md": Way(2, 2, (given.replica_keys,), given.epoch),
    "docs/install.md": Way(2, 3),
    "docs/integration.md": Way(3),
    "docs/models.md": Way(9, 0, (given.traces, given.metrics, given.scores)),
    "docs/monitor.md": Way(3, 0, (given.scores, given.reports), given.ranked),
    "docs/porting.md": Way(0, 6),
    "docs/traces.md": Way(4, 1, (given.traces,)),
    "docs/verdicts.md": Way(5, 0, (given.evidence, given.reports)),
    "docs/waves.md": Way(0, 5),
    "docs/why.md": Way(2),
}
SLOW = {
    "docs/access.md": Way(11, ports=("8443", "7361"), programs=("curl", "openssl")),
    "docs/alerts.md": Way(
        10, 3, (given.service_rows,), ports=("8080",), programs=("curl", "openssl")
    ),
    "docs/boards.md": Way(2, 6),
    "docs/coverage.md": Way(3, 0, (given.calibration,)),
    "docs/litex.md": Way(2, 4),
    "docs/operations.md": Way(5, 7, ports=("8080",)),
    "docs/plane.md": Way(
        21, 2, (given.tables,), given.of_the_plane, ("4222", "4223", "4224"), ("nats-server",)
    ),
    "docs/service.md": Way(
        17, 7, (given.service_rows, given.traces), ports=("8080", "8081", "8082", "8083"),
        programs=("curl",),
    ),
    "docs/validate.md": Way(1, 9),
}  # fmt: skip
TUTORIALS = {
    "docs/tutorials/core_in_your_design.md": Way(4, 3),
    "docs/tutorials/monitor_in_your_design.md": Way(4, 3),
    "docs/tutorials/fleet_on_three_machines.md": Way(17, 3),
    "docs/tutorials/index.md": Way(0),
    "docs/tutorials/board.md": Way(7, 18),
    "docs/tutorials/traces_to_alarm.md": Way(5, 3),
}
"""Carried out by tests/docs/test_tutorials.py and tests/test_wheel.py."""
ALL = WAYS | SLOW | TUTORIALS


@pytest.mark.parametrize("name", ALL)
def test_each_block_is_carried_out_or_says_what_it_needs(name):
    page, way = to_do(ROOT / name), ALL[name]
    assert (page.run, len(page.needs)) == (way.run, way.needs), f"{page}; WAYS has others"


def carry_out(name, folder):
    way = ALL[name]
    for program in way.programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed; Debian: apt install {program}")
    for files in way.given:
        files(folder)
    ports = {port: free_port() for port in way.ports}
    with contextlib.chdir(folder):
        names = way.names()
    carried_out(ROOT / name, folder, ports=ports, names=names)


@pytest.mark.parametrize("name", WAYS)
def test_what_a_page_says_is_what_happens(name, tmp_path):
    carry_out(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_what_a_page_says_of_programs_that_go_on_is_what_happens(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
    carry_out(name, tmp_path)


def test_every_page_is_listed():
    howto = (ROOT / "docs" / "howto.md").read_text()
    found = re.findall(r"^(\w+)$", howto.partition("```\n")[0], re.MULTILINE)
    tutorials = [f"docs/tutorials/{file.name}" for file in (ROOT / "docs/tutorials").glob("*.md")]
    explained = "docs/architecture.md", "docs/why.md"
    pages = {"README.md", *explained, *tutorials, *(f"docs/{name}.md" for name in found)}
    assert pages == ALL.keys()


@pytest.mark.slow
def test_the_demo_ends_as_the_readme_says():
    blocks = [one for one in blocks_of(ROOT / "README.md") if one.language == "console"]
    (demo,) = (
        each for one in blocks for each in one.commands() if each.text.startswith("make demo ")
    )
    done = subprocess.run(
        ["make", "demo"], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=True,
    )  # fmt: skip
    assert is_printed(demo.prints, done.stdout), done.stdout
