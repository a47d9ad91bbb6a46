"""Routed configurations as `make timing` writes them."""

import json

import pytest

from consilience.errors import BadInput
from consilience_tools.benchmark.report import clock_and_area
from consilience_tools.benchmark.tables import routed_table
from consilience_tools.place_and_route.routed_figures import read_routed


def write(folder, name, part, lanes, **changes):
    """Write the fields that are read of what `place_and_route` writes."""
    value = {
        "configuration": name,
        "part": part,
        "unit_is": "LogSumExp",
        "lanes": lanes,
        "fmax_mhz": {"1": 198.0, "2": 201.5, "3": 210.0},
        "fmax_median_mhz": 201.5,
        "unit": {"LUT4": 100, "packed_as": "TRELLIS_COMB", "luts_per_lane": 650.4},
    }
    (folder / f"{name}.json").write_text(json.dumps(value | changes))


def test_by_part_and_lanes(tmp_path):
    write(tmp_path, "b-x64", "part B", 64)
    write(tmp_path, "b-x8", "part B", 8)
    write(tmp_path, "a-x1", "part A", 1, unit={"packed_as": None, "luts_per_lane": 3000})
    write(tmp_path, "b-engine", "part B", 1, unit_is="Engine")  # of bytes, not of lanes
    routed = read_routed(tmp_path)
    assert [one.configuration for one in routed] == ["a-x1", "b-x8", "b-x64"]
    assert [one.cell for one in routed] == ["LUT4", "TRELLIS_COMB", "TRELLIS_COMB"]
    assert routed[2].evidence_per_second == pytest.approx(64 * 201.5e6)
    row = routed_table(routed).rows[2]
    assert row == ("part B", "64", "201.5", "3", "12.90", "650", "TRELLIS_COMB")
    assert len(clock_and_area(routed).axes) == 2


def test_no_folder_no_figures(tmp_path):
    assert read_routed(tmp_path / "missing") == []
    assert read_routed(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"configuration": "a", "part": 1, "lanes": []}']
)
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(BadInput, match=r"other\.json: not a result of `make timing`.*--timing"):
        read_routed(tmp_path)
