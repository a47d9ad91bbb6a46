"""A slice of `make fire`, and what the campaign is made of."""

import random

import pytest

from consilience_sim.testing.link_oracle import encode_content as frame
from tests.campaigns.fire.driver import DriverCampaign
from tests.campaigns.fire.ends import GatewareEnd
from tests.campaigns.fire.faults import CELLS, Cell, Direction, Kind, Schedule, damaged
from tests.campaigns.fire.frame_fields import REPLY_FIELDS, REQUEST_FIELDS, fields_of
from tests.campaigns.fire.page import write_page
from tests.campaigns.fire.parser_model import ParserModel
from tests.campaigns.fire.parts import FULL, SLICE, Layer
from tests.campaigns.fire.result import EACH, THROUGH_DRIVER, TOTAL, Result
from tests.campaigns.fire.tally import Tally


def some_parts():
    """The slice's parts; a fault of each cell in the gateware takes half a minute."""
    for part in SLICE:
        marks = pytest.mark.slow if part.layer is Layer.DRIVER_GATEWARE else ()
        yield pytest.param(part, id=part.layer.name.lower(), marks=marks)


@pytest.mark.parametrize("part", [*some_parts()])
def test_slice(part):
    told = []
    tally = part.run(told.append)
    assert tally.holds, tally.complaints
    assert told
    assert set(tally.injected.values()) == {part.each}
    assert tally.recovered > tally.faults / 4
    assert tally.right > tally.raised


def test_some_faults_between_the_driver_and_the_gateware():
    told = []
    tally = DriverCampaign(GatewareEnd, 1, 1, CELLS[::9]).run(told.append)
    assert tally.holds, tally.complaints
    assert {*CELLS[::9]} <= set(tally.injected)
    assert tally.recovered > tally.faults / 4


@pytest.mark.parametrize("fields", [REQUEST_FIELDS, REPLY_FIELDS])
def test_every_byte_has_its_field(fields):
    choose = random.Random(1)
    header = 4 * (len(fields) - 6)
    for size in (0, 4, 300, 700):
        content = bytes(choose.choices(range(4), k=2 + header)) + choose.randbytes(size)
        if size == 700:
            content = bytes(byte or 1 for byte in content)  # blocks of full length
        names = fields_of(frame(content), fields)
        assert len(names) == len(frame(content))
        assert names[0] == "stuffing"
        assert names[-1] == "zero"
        assert names.count("stuffing") == len(names) - 1 - (len(content) + 4)
        assert names.count("stuffing") >= (3 if size == 700 else 1)
        expected = ["type", "sequence", *(name for name in fields[3:-3] for _ in range(4))]
        expected += ["data"] * size + ["CRC-32"] * 4
        assert [name for name in names[:-1] if name != "stuffing"] == expected


def test_byte_faults():
    choose = random.Random(2)
    one = frame(bytes(range(1, 30)))
    for place in range(len(one)):
        assert damaged(one, place, Kind.DROP, choose) == one[:place] + one[place + 1 :]
        flipped = damaged(one, place, Kind.FLIP, choose)
        assert (flipped[place] ^ one[place]).bit_count() == 1
        twice = damaged(one, place, Kind.DUPLICATE, choose)
        assert twice == one[: place + 1] + one[place:]
        assert len(damaged(one, place, Kind.INSERT, choose)) == len(one) + 1
        assert damaged(one, place, Kind.TRUNCATE, choose).rstrip(b"\0") == one[:place].rstrip(b"\0")


def test_the_model_of_a_parser():
    """Against bytes written by hand, in the words of docs/link.md."""
    model = ParserModel(16, 256)
    good = bytes([1, 2]) + bytes(16)
    whole = frame(good)
    assert model.feed(whole[:7]) == []
    assert model.feed(whole[7:] + b"\0\0" + whole) == [good, good]
    assert model.feed(b"\x05\1\1\0" + whole) == [good]
    assert model.feed(frame(good[:-1]) + frame(good[:-4]) + frame(good + bytes(244))) == []
    assert (model.bad_framing, model.bad_crc) == (4, 0)
    assert model.feed(frame(good)[:-3] + b"\7\7\0") == []
    assert model.bad_framing + model.bad_crc == 5
    model.feed(whole[:9])
    model.silence()
    model.silence()
    assert model.feed(whole[9:] + whole) == [good]
    model.silence()
    assert model.gaps == 1
    model.feed(whole[:9])
    model.forget()
    assert model.feed(whole) == [good]


def test_the_whole_campaign_has_its_faults():
    result = Result()
    for part in FULL:
        tally = Tally()
        for cell in CELLS:
            one_way = {
                Layer.HOST_PARSER: Direction.TO_HOST,
                Layer.GATEWARE_PARSER: Direction.TO_DEVICE,
            }.get(part.layer, cell.direction)
            if cell.direction is one_way:
                tally.injected[cell] = part.each
        result.add(part.layer, tally)
    assert result.holds, result.shortfalls
    assert result.total.faults >= TOTAL
    assert result.through_driver >= THROUGH_DRIVER
    assert result.least_through_driver[1] >= EACH
    assert set(result.cells) == set(CELLS)


def test_a_campaign_without_enough_faults_does_not_hold(tmp_path):
    result = Result(seconds=3)
    assert not result.holds
    cell = Cell(Kind.FLIP, Direction.TO_HOST, "data")
    tally = Tally()
    tally.injected[cell] = 5
    result.add(Layer.DRIVER, tally)
    assert len(result.shortfalls) == 3
    assert not result.holds
    write_page(result, tmp_path / "fire.md")
    page = (tmp_path / "fire.md").read_text()
    assert "NOT everything held" in page
    assert "| flip | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 5 | 0 | 0 |" in page
    assert Result(result.layers, whole=False).holds
    tally.complain("hangs", "for ever")
    assert not Result({Layer.DRIVER: tally}, whole=False).holds


def test_a_schedule_fills_every_cell():
    schedule = Schedule(CELLS, 2, random.Random(3))
    taken = schedule.take(3)
    schedule.put_back(taken[0])
    assert len(schedule) == 2 * len(CELLS) - 2
    rest = schedule.take(10**6)
    assert not schedule
    assert sorted(map(str, [*taken[1:], *rest])) == sorted(map(str, [*CELLS] * 2))
