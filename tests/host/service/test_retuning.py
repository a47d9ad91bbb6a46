"""A state of another rate of false alarms: ranks as they were, statistics and promise anew."""

import json

import pytest

from consilience.cli.app import main
from consilience.errors import BadInput
from consilience.monitor.watch_options import WatchOptions

GOOD = [{"agent": "a", "run": f"g{i}", "score": i * 37 % 101} for i in range(90)]
BAD = [{"agent": "a", "run": f"b{i}", "score": 200 + i} for i in range(8)]
OLD, NEW = WatchOptions(arl="1000", n0=50), WatchOptions(arl="4000", n0=50, policy="renew")


@pytest.fixture
def retuned(tmp_path, capsys):
    def run(*words, state="state", made="tuned"):
        names = [str(tmp_path / made), "--state", str(tmp_path / state), "--json"]
        code = main(["service", "retune", *names, *words])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_histories_stay_and_statistics_begin_anew(start, retuned):
    words = "--arl", "4000", "--policy", "renew"
    asked = start(options=OLD)
    asked.send(*GOOD)
    assert asked.send(*BAD).json()["alarms"] == [1]
    assert "another service has it" in retuned(*words)[1]["error"]
    asked.service.close()
    with pytest.raises(BadInput, match=r"arl was 1000.*service retune"):
        start(options=NEW)
    code, found = retuned(*words)
    assert (code, found["agents"], found["position"]) == (0, 1, 2)
    assert found["threshold_bits"] == pytest.approx(11.966, abs=1e-3)
    again = start("tuned", options=NEW)
    view = again.get("/v1/agents/a")
    assert (view["state"], view["statistic_bits"], view["runs"]) == ("quiet", None, 98)
    assert len(view["history"]) == 98 and view["promise"].startswith("4000 runs")
    assert again.send(GOOD[0], BAD[0]).json()["duplicates"] == 2  # what counts once still does
    worse = [{**one, "run": f"c{i}", "score": 300 + i} for i, one in enumerate(BAD)]
    assert again.send(*worse).json()["alarms"][0] == 2  # judged from the first run on
    assert again.get("/v1/alarms")["alarms"][0]["scores"]["runs"][0]["of"] >= 99
    assert json.loads(again.get("/v1/alarms/2/proof")["record"])[:2] == ["alarm", 2]
    again.service.close()
    assert start("tuned", options=NEW).get("/v1/status")["runs"] == 106
    # The old state goes on as it was.
    assert start(options=OLD).get("/v1/agents/a")["state"] == "alarm"


def test_what_cannot_be_retuned(start, retuned, tmp_path, monkeypatch):
    asked = start(options=OLD)
    asked.send(*GOOD)
    monkeypatch.setattr(asked.service._keeper, "write_snapshot", lambda: None)
    asked.service.close()  # as one that was killed
    assert "did not end in order" in retuned("--arl", "2000")[1]["error"]
    monkeypatch.undo()
    start(options=OLD).service.close()
    for words, cure in (
        ((), "give --false-alarms-per-day"),
        (("--false-alarms-per-day", "1"), "needs --agents and --runs-per-day"),
        (("--false-alarm", "1/9"), "mode restart"),
        (("--policy", "forget"), "latch"),
    ):
        code, found = retuned(*words)
        assert code == 2 and cure in found["error"], found
    assert not (tmp_path / "tuned").exists()
    assert "no state directory" in retuned("--arl", "9", state="none")[1]["error"]
    assert "a service has it" in retuned("--arl", "9", made="state")[1]["error"]
