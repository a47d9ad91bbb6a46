"""Logs in folders: the layout that C2SP tlog-tiles writes down, growth, crashes, damage."""

import random
import shutil

import pytest

from consilience.audit.merkle import Frontier, is_consistent, is_included, leaf_hash
from consilience.audit.tiles import TileLog, bundle_entries, tile_path
from consilience.errors import BadInput, ImpossibleState


def entry(number):
    return f"entry {number}".encode() * (1 + number % 3)


def naive_root(count):
    tree = Frontier()
    for number in range(count):
        tree.append(leaf_hash(entry(number)))
    return tree.root


def files(folder):
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def test_paths_of_the_specification():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 3, 112) == "tile/entries/003.p/112"
    assert tile_path(2, 1000) == "tile/2/x001/000"


def test_the_70000_entries_of_the_specification(tmp_path):
    log = TileLog(tmp_path, durable=False)
    log.extend(b"" for _ in range(70_000))
    log.flush()
    expected = {tile_path(level, index) for level in ("entries", 0) for index in range(273)}
    expected |= {tile_path(0, 273, 112), tile_path("entries", 273, 112), "tile/1/000"}
    assert files(tmp_path) == expected | {"tile/1/001.p/17", "tile/2/000.p/1"}
    again = TileLog(tmp_path)
    assert (again.size, again.root) == (70_000, log.root)
    assert again.root_at(65_536) == again.perfect(16, 0)
    proof = again.inclusion_proof(69_999)
    assert is_included(leaf_hash(b""), 69_999, 70_000, proof, log.root)


def test_256_entries_are_a_full_tile_and_one_hash_above_it(tmp_path):
    log = TileLog(tmp_path)
    log.extend(map(entry, range(256)))
    log.flush()
    assert files(tmp_path) == {"tile/entries/000", "tile/0/000", "tile/1/000.p/1"}


def test_a_log_grows_by_any_steps_and_is_read_again_at_each(tmp_path):
    draw, count = random.Random(5), 0
    while count < 700:
        log = TileLog(tmp_path, durable=False)
        assert (log.size, log.root) == (count, naive_root(count))
        more = draw.choice([1, 3, 100, 255, 256])
        log.extend(map(entry, range(count, count + more)))
        count += more
        assert log.root == naive_root(count)
        old, index = draw.randrange(count + 1), draw.randrange(count)
        assert log.entry(index) == entry(index)
        root, proof = log.root_at(old), log.consistency_proof(old)
        assert root == naive_root(old)
        assert is_consistent(old, root, count, log.root, proof)
        proof = log.inclusion_proof(index)
        assert is_included(leaf_hash(entry(index)), index, count, proof, log.root)
        log.flush()
    partial = [one for one in files(tmp_path) if ".p/" in one]
    assert len({one.rpartition("/")[0] for one in partial}) == len(partial)


@pytest.mark.parametrize("lost", ["tile/0", "tile/1", "tile"])
def test_tiles_that_a_crash_kept_from_the_disk_are_made_again(tmp_path, lost):
    log = TileLog(tmp_path, durable=False)
    log.extend(map(entry, range(600)))
    log.flush()
    whole = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    if lost == "tile":
        for level in ("0", "1"):
            shutil.rmtree(tmp_path / "tile" / level)
    else:
        shutil.rmtree(tmp_path / lost)
    again = TileLog(tmp_path, durable=False)
    assert again.root == log.root
    again.flush()
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == whole


def test_damage_is_named(tmp_path):
    log = TileLog(tmp_path, durable=False)
    log.extend(map(entry, range(300)))
    log.flush()
    part = tmp_path / "tile/entries/001.p/44"
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(ImpossibleState, match=r"tile/entries/001.p/44: ends within entry 43"):
        TileLog(tmp_path)
    with pytest.raises(ImpossibleState, match="within a length"):
        bundle_entries(b"\0", "x")
    with pytest.raises(BadInput, match="65535"):
        log.append(bytes(65_536))
    with pytest.raises(BadInput, match="entry 300"):
        log.entry(300)
