"""The file of what all nodes agree on: read exactly, or refused with what is wrong."""

import numpy as np
import pytest

from consilience.distributed.reads.fusion_rule import FusionRule
from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.staleness.discount import Discount
from consilience.distributed.staleness.interval import CertifiedInterval
from consilience.distributed.staleness.shard_arrays import ShardArrays
from consilience.errors import BadInput
from consilience.robust.robust_histogram import RobustHistogram

FIELDS = {
    "enrolled": [3, 4],
    "changes_per_s": 2,
    "clip": 1280,
    "grace_ms": 100,
    "half_life_ms": 200,
    "max_age_ms": 900,
    "faulty": 2,
}


def rule_file(folder, **fields):
    path = folder / "rule.toml"
    given = {name: value for name, value in (FIELDS | fields).items() if value is not None}
    path.write_text("".join(f"{name} = {value!r}\n" for name, value in given.items()))
    return path


def test_a_rule_and_its_defaults(tmp_path):
    arrays = ShardArrays([3, 4], 2, Discount(100, 200, 900), 1280)
    assert FusionRule.read(rule_file(tmp_path)) == FusionRule(arrays, 2)
    arrays = ShardArrays([3, 4], 2, Discount(100, 200, 900), 1280, prior=-5)
    more = rule_file(tmp_path, prior=-5, threshold=-7, epoch=(1 << 64) - 1)
    assert FusionRule.read(more) == FusionRule(arrays, 2, -7, (1 << 64) - 1)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"clip": None, "clap": 1}, "missing keys: clip; unknown keys: clap"),
        ({"enrolled": 7}, "enrolled is a list of integers"),
        ({"enrolled": [3, 4.5]}, "enrolled is a list of integers"),
        ({"faulty": 1.0}, "every other value an integer"),
        ({"faulty": "yes"}, "every other value an integer"),
        ({"faulty": -1}, "faulty and epoch are at least 0"),
        ({"epoch": 1 << 64}, r"epoch is below 2\*\*64"),
        ({"clip": 100}, "rule.toml: clip must be a multiple of 128"),
        ({"enrolled": []}, "rule.toml: .*at least one shard"),
        ({"half_life_ms": 0}, "half_life_ms must be in"),
        ({"enrolled": [3, 3]}, "6 reporters cannot tolerate 2 faulty: n must exceed 3f$"),
    ],
)
def test_refused(tmp_path, fields, message):
    with pytest.raises(BadInput, match=message):
        FusionRule.read(rule_file(tmp_path, **fields))


@pytest.mark.parametrize("spoken", [0, 5, 6, 7])
def test_with_exactly_3f_reporters_nothing_is_certified(spoken):
    rule = FusionRule(ShardArrays([3, 4], 2, Discount(100, 200, 900), 1280), faulty=2)
    histogram = RobustHistogram.of(np.full(spoken, 1280, np.int32), 1280)
    found = rule.interval(ShardState(histogram, 1280 * spoken))
    widest = CertifiedInterval(-128 * 7, 128 * 7, 10)
    assert found == (CertifiedInterval(128 * 5, 128 * 7, 10) if spoken == 7 else widest)


def test_what_is_no_file_of_a_rule_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"none\.toml: no rule can be read there \(No such file"):
        FusionRule.read(tmp_path / "none.toml")
    (tmp_path / "torn.toml").write_bytes(b"enrolled = [\xff")
    with pytest.raises(BadInput, match=r"torn\.toml: no rule in TOML"):
        FusionRule.read(tmp_path / "torn.toml")
