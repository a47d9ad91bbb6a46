"""200 agents, 30 reporters, 8 of them lying: what a user sees where nearly all is undecided."""

import json

import numpy as np
import pyarrow.parquet as pq

from consilience.cli.app import main


def test_undecided_agents_have_an_interval_a_leaning_and_a_number_and_liars_are_named(
    tmp_path, capsys
):
    rng = np.random.default_rng(1)
    agents, reporters, liars = 200, 30, 8
    truth = rng.choice([-1, 1], agents)  # of benign
    agent = np.repeat(np.arange(agents), reporters)
    reporter = np.tile(np.arange(reporters), agents)
    nats = rng.normal(1.0, 1.2, len(agent)) * truth[agent]
    nats = np.where(reporter < liars, -3 * np.abs(nats) * truth[agent], nats)
    np.savez(
        tmp_path / "r.npz",
        agent=agent,
        reporter=reporter,
        benign=-5 + nats / 2,
        hijacked=-5 - nats / 2,
    )
    out = tmp_path / "o.parquet"
    words = ["fuse", str(tmp_path / "r.npz"), "--faulty", str(liars), "--out", str(out), "--json"]
    assert main(words) == 0
    summary = json.loads(capsys.readouterr().out)
    table = pq.read_table(out).to_pydict()
    right = np.where(truth > 0, "benign", "hijacked")
    undecided = np.array(table["decision"]) == "undecided"
    print(
        summary["decisions"],
        (np.array(table["leaning"]) == right)[undecided].sum(),
        summary["reporters"],
    )
    assert (np.array(table["decision"]) == right)[~undecided].all()
    # The figures of docs/verdicts.md.
    assert undecided.sum() == 173
    assert (np.array(table["leaning"]) == right)[undecided].sum() == 156
    low, high = (np.array(table[f"benign:hijacked_{end}"]) for end in ("low", "high"))
    assert ((low <= 0) & (high >= 0))[undecided].all()
    needed = np.array(table["benign:hijacked_needed"])
    assert (needed[undecided] > reporters).all()
    assert (needed[~undecided] == reporters).all()
    found = summary["reporters"]
    assert {one["reporter"] for one in found["contradicting"]} == {str(n) for n in range(liars)}
    assert found["reporters_needed_median"] == 42
