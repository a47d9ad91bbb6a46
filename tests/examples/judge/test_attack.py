"""The attacker's shortest path against every way to insert calls."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from examples.agent_traces.judge.attack import Attacker, grounds
from examples.agent_traces.judge.hiding import RATES, hide
from examples.agent_traces.judge.merit import tpr_at

ONE = 1 << 16


def score(judge, suite, task, symbols):
    part = judge.part(suite, task)
    odds = part.odds(part.suspicion(judge.ratios.bits(suite, task, symbols)), suite)
    return int(np.floor(odds.max() * ONE))


def inserted(symbols, harmless, calls):
    """Yield the run with so many harmless calls anywhere before its end."""
    for places in combinations_with_replacement(range(len(symbols)), calls):
        for padding in product(harmless, repeat=calls):
            longer = list(symbols)
            # Places ascend, so that those not yet used stay where they are.
            for place, call in zip(places[::-1], padding, strict=True):
                longer.insert(place, call)
            yield tuple(longer)


def test_the_shortest_path_is_what_all_insertions_give(traces, judge):
    runs = traces.runs(("hijacked",), test=True)
    runs = runs[(traces.suite[runs] == "banking") & (np.diff(traces.indptr)[runs] <= 3)][::9]
    known = grounds(judge, traces)["banking"]
    answers = []
    for run in runs[:8].tolist():
        task, symbols = str(traces.user_task[run]), traces.sequence(run, errors=True)
        attacker = Attacker(judge, "banking", task, known)
        least = [
            min(score(judge, "banking", task, one) for one in inserted(symbols, known.harmless, n))
            for n in range(3)
        ]
        for threshold in (*(x for one in least for x in (one, one + 1)), least[0] - ONE):
            by_hand = next((n for n in range(3) if least[n] < threshold), None)
            found = attacker.calls_needed(symbols, threshold)
            if by_hand is None:
                assert found is None or found > 2
            else:
                assert found == by_hand
            answers.append(found)
    assert {0, 1, None} <= set(answers)


def test_a_call_s_score_is_the_judge_s_where_it_stands(traces, judge):
    """Known last calls stand for all that the chains do not know, unseen symbols among them."""
    rng = np.random.default_rng(7)
    known = grounds(judge, traces)["travel"]
    attacker = Attacker(judge, "travel", "user_task_3", known)
    alphabet = judge.ratios.orders[0]["travel"].benign.alphabet
    for _ in range(30):
        symbols = tuple(rng.choice([*known.harmless, 9999], 6).tolist())
        context, scores = (-3,), []
        for symbol in symbols:
            scores.append(attacker.scores(context, (symbol,))[symbol])
            context = known.after(context, symbol, alphabet)
        assert max(scores) == score(judge, "travel", "user_task_3", symbols)


def test_hiding_without_a_call_is_what_is_found(traces, judge):
    runs = traces.runs(("benign", "hijacked"), test=True)
    runs = runs[(traces.suite[runs] == "banking")]
    hijacked = traces.label[runs] == "hijacked"
    told = []
    finals = judge.of(traces, runs).final
    found = hide(judge, traces, traces, runs, lambda: told.append(1))
    assert len(told) == 16
    for one, rate in zip(found, RATES, strict=True):
        assert one.found(0) == pytest.approx(tpr_at(hijacked, finals, rate))
        shares = [one.found(calls) for calls in (0, 1, 2, 5, None)]
        assert shares == sorted(shares, reverse=True)
        assert len(one.needed) == hijacked.sum()
