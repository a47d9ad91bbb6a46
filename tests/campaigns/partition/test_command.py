"""`make partition` where it cannot run, and what its report says of histories that it has."""

import json
import sys
from argparse import Namespace

import pytest
from rich.console import Console

from consilience.distributed.reads.fusion_rule import FusionRule
from tests.campaigns.partition import __main__ as command
from tests.campaigns.partition import report
from tests.campaigns.partition.campaign import judge
from tests.campaigns.partition.faults import FAULTS
from tests.campaigns.partition.history import load
from tests.campaigns.partition.namespaces import Missing, address
from tests.campaigns.partition.page import COLUMNS, plot, row
from tests.campaigns.partition.test_checkers import calm, disturbed, third_cut
from tests.campaigns.partition.virtual_run import SETTINGS, VirtualRun


def test_without_namespaces_it_is_skipped_not_passed(monkeypatch, capsys, tmp_path):
    def refuse():
        raise Missing("network namespaces are not permitted here: denied")

    monkeypatch.setattr(command, "check_permitted", refuse)
    monkeypatch.setattr(sys, "argv", ["partition", "--out", str(tmp_path)])
    assert command.main() == 3
    assert capsys.readouterr().out.startswith("SKIPPED, not passed: network namespaces are not")
    assert not list(tmp_path.iterdir())


def test_histories_are_judged_again_to_the_same_digest(monkeypatch, capsys, tmp_path):
    run = VirtualRun(report.folder_of(tmp_path), third_cut)
    run.run()
    run._note("memory", mb_per_node=1.5, up_s=2.5)
    run._note("processor", seconds=90)
    run.written()
    with FAULTS[2].planted():
        VirtualRun(report.folder_of(tmp_path, FAULTS[2]), disturbed).run()
    monkeypatch.setattr(sys, "argv", ["partition", "--out", str(tmp_path), "--judge"])
    assert command.main() == 0
    told, first = capsys.readouterr().out, (tmp_path / "checkers.json").read_text()
    assert "every claim held" in told and "age under-reported: caught by C2" in told
    assert command.main() == 0
    assert (tmp_path / "checkers.json").read_text() == first
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(command, "ROOT", tmp_path)
    for slower in (1, 2):
        run._campaign[0]["slower"] = slower
        run.written()
        monkeypatch.setattr(sys, "argv", [*sys.argv[:4], "--page"])
        assert command.main() == 0
        page = (tmp_path / "docs" / "partition.md").read_text()
        assert f"all weights 1; {2 * slower} s at most" in page
        assert ("slow motion" in page) == ("make partition SLOWER=2" in page) == (slower > 1)
    checked = json.loads(first)
    assert [one["caught"] for one in checked["planted"]] == [True]
    next(run.lines("ok", "read"))["digest"] = ""
    run.written()
    assert command.main() == 1
    assert "NOT every claim held" in capsys.readouterr().out


def test_a_row_for_each_column_and_no_plot_without_its_nemesis(tmp_path):
    history = VirtualRun(tmp_path, third_cut).run()
    result = judge(history)[0]
    cells = row(vars(result))
    assert len(cells) == len(COLUMNS) and cells[:4] == ["cut", "96", "20", "0"]
    assert plot(history) is None
    history.events[-1]["nemesis"] = "minority third"
    assert plot(history) is not None


def test_a_cut_that_did_not_bite_does_not_hold(tmp_path):
    history = VirtualRun(tmp_path, calm).run()
    assert judge(history)[0].holds
    history.events[-1]["nemesis"] = "third cut"
    assert not judge(history)[0].bit and not judge(history)[0].holds


def test_a_line_cut_short_by_a_kill_is_counted(tmp_path):
    history = VirtualRun(tmp_path, third_cut).run()
    with (tmp_path / "node-002.jsonl").open("a") as file:
        file.write('{"type":"invoke","op":"fr')
    again = load(tmp_path)
    assert again.torn == 1 and len(again.reads) == len(history.reads)


def test_places_have_addresses_of_their_own():
    places = [address(place, side) for place in range(1, 300) for side in (False, True)]
    assert len(set(places)) == len(places)
    assert address(1) == "10.88.0.3" and address(1, True) == "10.88.0.2"


def test_a_cut_that_is_none_is_refused_with_the_names(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["partition", "--cut", "nothing"])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    told = " ".join(capsys.readouterr().err.split())
    assert "no nemesis 'nothing'; there are: third cut; minority third;" in told


def test_one_cut_is_run_as_often_as_wanted_and_without_planted_faults(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    monkeypatch.setattr(command, "run", lambda *words: ran.append([one.name for one in words[2]]))
    command._run(
        Namespace(cut="ring", runs=3, nodes=12, out=tmp_path, no_faults=False, slower=1),
        Console(quiet=True),
    )
    assert ran == [["ring"] * 3]


def test_in_slow_motion_only_the_deadline_stays(monkeypatch, tmp_path):
    given = []
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    monkeypatch.setattr(command, "run", lambda *words: given.append((words[1], words[4])))
    for slower in (1, 3):
        options = Namespace(
            cut="ring", runs=1, nodes=12, out=tmp_path, no_faults=True, slower=slower
        )
        command._run(options, Console(quiet=True))
    (settings, schedule), (slow, long) = given
    for name in ("period_s", "burst_s", "pace_s", "grace_ms", "half_life_ms", "max_age_ms"):
        assert getattr(slow, name) == 3 * getattr(settings, name)
    for name in ("cut_s", "after_s", "settle_s"):
        assert getattr(long, name) == 3 * getattr(schedule, name)
    assert (long.whole, long.part, slow.nodes) == (schedule.whole, schedule.part, settings.nodes)


def test_less_than_full_speed_is_a_number_from_1_on(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["partition", "--slower", "0"])
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert "--slower is at least 1" in capsys.readouterr().err


def test_the_nodes_get_the_rule_that_the_checkers_know(tmp_path):
    path = tmp_path / "rule.toml"
    path.write_text(SETTINGS.rule_text)
    assert FusionRule.read(path) == SETTINGS.rule
