"""Groups and the nodes above them: exact merges, and who moved the sum over all."""

import numpy as np
import pytest

from consilience import LogSum
from consilience.errors import BadInput, ImpossibleState
from consilience.live.groups import GroupTree
from consilience_hw.spec.log_format import LogFormat
from consilience_sim import golden

ZERO = -(1 << 31)
ONE = 1 << 16


def some_groups(regions=4, groups=5, codes=8, seed=1):
    rng = np.random.default_rng(seed)
    return {
        (f"region {r}", g): rng.integers(-(1 << 21), 1 << 21, codes, dtype=np.int32)
        for r in range(regions)
        for g in range(groups)
    }


def assert_every_node_is_a_merge(tree, groups):
    for path, codes in groups.items():
        assert tree.state(path) == LogSum.of(codes)
    for depth in range(len(next(iter(groups)))):
        for path in {path[:depth] for path in groups}:
            merged = LogSum()
            for name in tree.children(path):
                merged.merge(tree.state((*path, name)))
            assert bytes(tree.state(path)) == bytes(merged)
            inside = [c for other, c in groups.items() if other[:depth] == path]
            assert tree.code(path) == golden.log_sum(np.concatenate(inside))[0]


def test_every_node_is_an_exact_merge():
    groups = some_groups()
    tree = GroupTree.of(groups)
    assert_every_node_is_a_merge(tree, groups)
    rng = np.random.default_rng(2)
    paths = list(groups)
    for _ in range(200):
        path = paths[rng.integers(len(paths))]
        place = int(rng.integers(len(groups[path])))
        new = int(rng.choice([ZERO, (1 << 31) - 1, rng.integers(ZERO, 1 << 31)]))
        tree.change(path, groups[path][place], new)
        groups[path][place] = new
    assert_every_node_is_a_merge(tree, groups)


def test_deeper_trees():
    groups = {("a", k, name): [k, ZERO] for k in range(3) for name in "xy"}
    assert_every_node_is_a_merge(GroupTree.of(groups), groups)


def test_what_is_not_in_a_group_is_refused_and_nothing_changes():
    tree = GroupTree.of({("a", 1): [5, 6], ("b", 1): [500 * ONE]})
    before = bytes(tree.state())
    for path in (("a", 1), ("c", 1)):
        with pytest.raises(ImpossibleState):
            tree.change(path, [500 * ONE], [7])
    assert bytes(tree.state()) == before
    assert tree.children() == ["a", "b"]


def test_drill_down_names_who_moved_the_sum():
    groups = some_groups()
    tree = GroupTree.of(groups)
    tree.mark()
    assert tree.drill_down() == []
    was = tree.code()
    loud, quiet = ("region 2", 3), ("region 0", 1)
    tree.change(loud, groups[loud][0], 60 * ONE)
    tree.change(quiet, groups[quiet][0], groups[quiet][0] - 30)
    tree.add(("region 9", 0), [59 * ONE])
    found = tree.drill_down()
    assert [moved.path for moved in found][:2] == [loud, ("region 9", 0)]
    # Brute force: everything as it is now, but this group as it was.
    now = {path: codes.copy() for path, codes in groups.items()}
    now[loud][0], now[quiet][0] = 60 * ONE, groups[quiet][0] - 30
    now["region 9", 0] = np.array([59 * ONE], np.int32)
    for moved in found:
        others = now | {moved.path: groups.get(moved.path, np.empty(0, np.int32))}
        assert moved.without == golden.log_sum(np.concatenate(list(others.values())))[0]
        assert moved.shift == tree.code() - moved.without
        assert moved.now == tree.code(moved.path)
        assert moved.before == golden.log_sum(others[moved.path])[0]
    assert tree.code() > was
    assert tree.drill_down(least=1 << 40) == []
    assert len(tree.drill_down(most=1)) == 1
    tree.mark()
    assert tree.drill_down() == []


def test_changes_that_cancel_are_passed_over():
    tree = GroupTree.of({("a", 1): [5, 6], ("b", 1): [7]})
    tree.mark()
    tree.change(("a", 1), 5, 9)
    tree.change(("a", 1), 9, 5)
    assert tree.drill_down() == []


def test_ten_thousand_groups():
    """Found among them: three of hundred regions of hundred groups."""
    tree = GroupTree(depth=2)
    for region in range(100):
        for group in range(100):
            tree.add((region, group), [region * 7 + group, 3])
    tree.mark()
    loud = [(3, 4), (50, 99), (99, 0)]
    for region, group in loud:
        tree.change((region, group), region * 7 + group, 10 * ONE)
    assert {moved.path for moved in tree.drill_down()} == set(loud)
    assert tree.state().count == 20_000


@pytest.mark.parametrize("path", [("a",), ("a", 1, 2), (), "ab"])
def test_paths_that_are_no_group(path):
    tree = GroupTree.of({("a", 1): [5]})
    with pytest.raises(BadInput, match="path has 2 names"):
        tree.add(path, [1])


def test_wrong_arguments():
    with pytest.raises(BadInput, match="depth"):
        GroupTree(depth=0)
    with pytest.raises(BadInput, match="one length"):
        GroupTree.of({("a",): [1], ("a", 1): [2]})
    with pytest.raises(BadInput, match="no such group"):
        GroupTree.of({("a", 1): [5]}).code(("b",))


def test_states_taken_out():
    whole = LogSum.of([1, 2, 3, ZERO])
    assert whole.take_out(LogSum.of([2, ZERO])) == LogSum.of([1, 3])
    with pytest.raises(ImpossibleState):
        whole.take_out(LogSum.of([90 * ONE]))
    with pytest.raises(ImpossibleState, match="remove only what was added"):
        whole.take_out(LogSum.of([ZERO]))
    with pytest.raises(BadInput, match="no part of"):
        whole.take_out(LogSum.of([1], LogFormat(integer_bits=12, fraction_bits=12)))
    assert whole == LogSum.of([1, 3])
