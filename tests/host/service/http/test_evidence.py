"""Log-likelihoods of runs: the score is how much more likely the best other hypothesis is."""

from consilience.monitor.watch_options import WatchOptions


def test_rows_of_evidence_are_scores_of_runs(start):
    asked = start(None, options=WatchOptions(arl="100", n0=50, against="benign"))

    def post(*rows):
        return asked.ask("POST", "/v1/evidence", json={"evidence": list(rows)})

    row = {"agent": "a", "run": 1, "benign": -1.5, "hijacked": -0.25, "lazy": -9, "weight": 7}
    assert post(row).json()["accepted"] == 1
    (point,) = asked.get("/v1/agents/a")["history"]
    assert point["score"] == 1.25
    for wrong, cure in (
        ({"agent": "a", "run": 2, "hijacked": 1}, "no benign"),
        ({"agent": "a", "run": 2, "benign": 1}, "no hypothesis beside benign"),
        ({"agent": "a", "run": 2, "benign": 1, "hijacked": "high"}, "must be a log-likelihood"),
        ({"run": 2, "benign": 1, "hijacked": 2}, "agent"),
    ):
        found = post(row, wrong)
        assert (found.status_code, found.json()["row"]) == (422, 1)
        assert cure in found.json()["detail"]
    found = asked.send({"agent": "a", "run": 3, "score": 1})
    assert (found.status_code, found.json()["type"][-17:]) == (409, "evidence-expected")


def test_without_a_hypothesis_the_cure_is_named(start):
    found = start(None).ask("POST", "/v1/evidence", json={"evidence": []})
    assert found.status_code == 409
    assert "--against NAME" in found.json()["detail"]


def test_what_was_put_in_the_place_of_a_number_is_not_said_again(start):
    """A password in the wrong field came back in the answer."""
    asked = start("likely", WatchOptions(arl="1000", against="benign"))
    row = {"agent": "a", "run": 1, "benign": -1, "more": "correct-horse"}
    found = asked.ask("POST", "/v1/evidence", json={"evidence": [row]})
    assert found.status_code == 422 and "correct-horse" not in found.text
    assert "more must be a log-likelihood, a number" in found.json()["detail"]
