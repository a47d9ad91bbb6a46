"""What `consilience watch` shows while it watches."""

import io

import numpy as np
from rich.console import Console

import consilience as cs
from consilience.cli.shard_table import LiveDecisions, shard_table, verdict_table
from consilience.cli.watch import _line
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.distributed.totals.shard_collector import ShardCollector
from tests.host.distributed.totals.test_shard_collector import NAMES, one_piece

FAR = np.array([[0, -(20 << 16)]], np.int32)


def shown(collector):
    text = io.StringIO()
    Console(file=text, width=200).print(shard_table(collector))
    return text.getvalue()


def test_every_shard_has_a_line_and_the_fleet_its_decisions():
    """A dead shard was simply absent, a refused one too, and no verdict was shown."""
    collector = ShardCollector()
    with cs.open("cpu") as device:
        deciding = LiveDecisions(collector, device, None, "agent")
        assert deciding.now() == "decisions: none yet"
        collector.receive(one_piece(1, EvidenceSums(NAMES).add([7], FAR)))
        assert deciding.now() == "decisions: benign 1"
        collector.receive(one_piece(2, EvidenceSums(NAMES).add(["seven"], FAR)))
        lines = shown(collector).splitlines()
        assert [line.split()[0] for line in lines[1:]] == ["1/3", "2/3", "3/3", "1/3"]
        assert "REFUSED: its agent ids are string, here int64" in lines[2]
        assert lines[3].split()[1:] == ["not", "heard", "of"]
        collector.receive(one_piece(2, EvidenceSums(NAMES).add([8], -FAR[:, ::-1]), version=2))
        deciding._next = 0.0
        assert deciding.now() == "decisions: benign 2"


def test_one_agent_and_lines_of_what_changed():
    collector = ShardCollector()
    collector.receive(one_piece(1, EvidenceSums(NAMES).add([7, 8], np.vstack([FAR, FAR[:, ::-1]]))))
    with cs.open("cpu") as device:
        deciding = LiveDecisions(collector, device, None, "agent", ["8", "9"])
        line = _line(deciding, deciding.now())
    assert line["decisions"] == {"benign": 1, "hijacked": 1, "impossible": 0}
    (verdict,) = line["verdicts"]
    assert (verdict["agent"], verdict["decision"]) == (8, "hijacked")
    assert line["digest"] == collector.total().digest and line["heard"]["1"] < 60
    text = io.StringIO()
    Console(file=text, width=200).print(verdict_table(line["verdicts"]))
    heading, row = text.getvalue().splitlines()
    assert heading.split() == ["agent", "benign", "hijacked", "decision", "rows", "status"]
    assert row.split()[:4] == ["8", "0.000001", "0.999999", "hijacked"]


def test_what_the_device_cannot_decide_is_said_and_ends_nothing():
    names = tuple(f"h{number}" for number in range(17))
    collector = ShardCollector()
    collector.receive(one_piece(1, EvidenceSums(names).add([1], np.zeros((1, 17), np.int32))))
    with cs.open("cpu") as device:
        assert "at most 16" in LiveDecisions(collector, device, None, "agent").now()
