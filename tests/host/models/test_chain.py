"""The chains are probabilities, follow their formula, and look at the past alone."""

from itertools import product

import pytest

from consilience.models.chain import END, UNSEEN, Chain, ChainConfig, count

A, B, C = 0, 1, 2
ALPHABET = frozenset({A, B, C, END})
RUNS = [((A, B, A, C, END), 1.0), ((A, B, B, END), 0.5), ((C, END), 1.0)]
CONFIGS = [
    ChainConfig(0, "discount", 0.5, 0.1),
    ChainConfig(2, "discount", 0.7, 0.3),
    ChainConfig(3, "discount", 0.0, 2.0),
    ChainConfig(2, "witten-bell"),
    ChainConfig(3, "jelinek-mercer", concentration=0.2),
    ChainConfig(1, "additive", concentration=0.5),
]


def next_calls(chain: Chain, past: tuple[int, ...]) -> list[float]:
    return [chain.predict((*past, symbol))[-1] for symbol in sorted(ALPHABET)]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("past", [*product((A, B, C), repeat=2), (), (C,), (A, B, A, C)])
def test_probabilities_of_the_next_call_sum_to_one(
    config: ChainConfig, past: tuple[int, ...]
) -> None:
    chain = Chain(count(RUNS, config.order), config, ALPHABET)
    assert sum(next_calls(chain, past)) == pytest.approx(1.0, abs=1e-12)
    above = Chain(count(RUNS[:1], config.order), config, ALPHABET, base=chain)
    assert sum(next_calls(above, past)) == pytest.approx(1.0, abs=1e-12)


def test_discount_is_the_documented_formula() -> None:
    config = ChainConfig(1, "discount", 0.5, 0.25)
    chain = Chain(count(RUNS, 1), config, ALPHABET)
    # After the empty context: A 2.5, B 2, C 2, END 2.5; mass 9; four kinds, 0.5 off each.
    unigram_b = (2.0 - 0.5 + (0.25 + 2.0) * 0.25) / (9.0 + 0.25)
    # After A: B 1.5, C 1; mass 2.5; two kinds.
    expected = (1.5 - 0.5 + (0.25 + 1.0) * unigram_b) / (2.5 + 0.25)
    assert chain.predict((A, B))[1] == pytest.approx(expected, rel=1e-12)


def test_witten_bell_is_the_documented_formula() -> None:
    chain = Chain(count(RUNS, 1), ChainConfig(1, "witten-bell"), ALPHABET)
    unigram_b = (2.0 + 4 * 0.25) / (9.0 + 4)
    assert chain.predict((A, B))[1] == pytest.approx((1.5 + 2 * unigram_b) / (2.5 + 2), rel=1e-12)


def test_additive_is_the_plain_chain() -> None:
    chain = Chain(count(RUNS, 1), ChainConfig(1, "additive", concentration=0.5), ALPHABET)
    assert chain.predict((A, B))[1] == pytest.approx((1.5 + 0.5) / (2.5 + 0.5 * 4), rel=1e-12)
    assert chain.predict((A,))[0] == pytest.approx((1.5 + 0.5) / (2.5 + 0.5 * 4), rel=1e-12)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_call_is_judged_by_its_past_alone(config: ChainConfig) -> None:
    chain = Chain(count(RUNS, config.order), config, ALPHABET)
    whole = chain.predict((A, B, C, A, END))
    for length in range(1, 5):
        assert chain.predict((A, B, C, A, END)[:length]) == whole[:length]


def test_a_chain_reaches_no_further_back_than_its_order() -> None:
    chain = Chain(count(RUNS, 3), ChainConfig(2, "discount", 0.5, 0.1), ALPHABET)
    assert chain.predict((A, C, A, B, B))[-1] == chain.predict((C, B, A, B, B))[-1]
    longer = Chain(count(RUNS, 3), ChainConfig(3, "discount", 0.5, 0.1), ALPHABET)
    assert longer.predict((A, B, B))[-1] != longer.predict((C, A, B, B))[-1]


def test_an_unseen_tool_is_no_evidence() -> None:
    config = ChainConfig(3, "discount", 0.5, 0.03)
    one, other = (Chain(count(RUNS[part], 3), config, ALPHABET) for part in (slice(1), slice(1, 3)))
    assert one.predict((A, 77))[1] == other.predict((A, 77))[1]
    # What came before it is hidden: the next call is judged as after an unknown start.
    assert one.predict((A, 77, B))[2] == one.predict((C, UNSEEN, B))[2]


def test_no_goal_data_leaves_the_base_as_it_is() -> None:
    base = Chain(count(RUNS, 3), ChainConfig(3, "discount", 0.5, 0.1), ALPHABET)
    above = Chain({}, ChainConfig(1, concentration=3.0), ALPHABET, base=base)
    assert above.predict((A, B, A, C, END)) == base.predict((A, B, A, C, END))
