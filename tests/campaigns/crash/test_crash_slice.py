"""A slice of `make crash`, and that it notices what is planted."""

import pytest

from consilience.distributed import write_ahead_log
from consilience.distributed.reads.own_shard import OwnShard
from consilience.evidence import atomic_file, record_file
from consilience.evidence.record_file import RecordFile
from tests.campaigns.crash.log_scenario import LogScenario
from tests.campaigns.crash.output_scenario import OutputScenario
from tests.campaigns.crash.page import write_page
from tests.campaigns.crash.parts import SCENARIOS, Part, parts
from tests.campaigns.crash.shard_scenarios import ReportsScenario
from tests.campaigns.crash.tally import Tally

SLICE = 600


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_slice(scenario):
    told = []
    tally = Part(scenario, "slice", SLICE).run(told.append)
    assert tally.holds, tally.complaints
    assert told[-1] == tally.points[scenario.name] >= SLICE
    assert tally.faults


def test_a_whole_campaign_has_all_its_points():
    whole = parts(1_000_000, 1)
    assert sum(part.points for part in whole) >= 1_000_000
    assert {part.scenario for part in whole} == set(SCENARIOS)
    assert len({part.seed for part in whole}) == len(whole)


def test_the_page_says_what_did_not_hold(tmp_path):
    tally = Tally()
    assert not tally.holds, "nothing was tried"
    tally.points["write-ahead log"] += 3
    assert tally.holds
    other = Tally()
    other.complain("lost", "frame 3")
    tally.add(other)
    assert not tally.holds and tally.complaints == ["acknowledged frames lost: frame 3"]
    write_page(tally, "make crash", 4, "abc", tmp_path / "crash.md")
    page = (tmp_path / "crash.md").read_text()
    assert "at commit abc, in 4 s: NOT everything held" in page
    assert "| acknowledged frames lost | 1 |" in page and "| write-ahead log | 3 |" in page


def record_not_synced(patch):
    def append(self, records):
        for data in records:
            record_file.write_all(self._file, data, self.end)
            self.end += len(data)

    patch.setattr(RecordFile, "append", append)


def state_before_log(patch):
    accept = OwnShard.accept

    def accepted(self, seq, report):
        self._change([report])
        return accept(self, seq, report)

    patch.setattr(OwnShard, "accept", accepted)


PLANTED = {
    "a record is not synced": (record_not_synced, LogScenario, "lost"),
    "names of folders are not synced": (
        lambda patch: patch.setattr(write_ahead_log, "sync_path", lambda folder: None),
        LogScenario,
        "lost",
    ),
    "what could not be written is not rolled back": (
        lambda patch: patch.setattr(RecordFile, "_roll_back", lambda self: None),
        LogScenario,
        "denied",
    ),
    "the state changes before the log": (state_before_log, ReportsScenario, "said"),
    "the name of an output is not synced": (
        lambda patch: patch.setattr(atomic_file, "sync_folder", lambda folder: None),
        OutputScenario,
        "neither",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_noticed(monkeypatch, fault):
    plant, scenario, noticed_as = PLANTED[fault]
    plant(monkeypatch)
    tally = Tally()
    for number in range(20):
        tally.add(Part(scenario, f"planted {number}", 200).run())
        if tally.forbidden[noticed_as]:
            return
    raise AssertionError(f"not noticed: {tally}")
