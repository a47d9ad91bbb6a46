"""A slice of the datagrams under fire, and faults planted in the driver that it must notice."""

import pytest

from consilience.link import frames
from consilience.link.exchange import Exchange
from consilience.link.operation import Operation
from tests.campaigns.fire.datagrams.page import write_page
from tests.campaigns.fire.datagrams.parts import FULL, SLICE, Layer, Part, kept
from tests.campaigns.fire.datagrams.troubles import CELLS


@pytest.mark.parametrize("part", SLICE, ids=lambda part: part.layer.name.lower())
def test_slice(part, tmp_path):
    tally = kept(part, tmp_path)
    assert tally.holds, tally.complaints
    assert tally.faults >= part.faults
    assert tally.right > tally.raised > 0
    assert tally.recovered > tally.calls / 4
    assert kept(part, tmp_path) == tally  # from the file
    write_page({part.layer: tally}, 10**6, tmp_path / "fire_datagrams.md")
    page = (tmp_path / "fire_datagrams.md").read_text()
    assert "**Not the whole campaign**: that has 1,000,000 faults" in page
    if part.layer is Layer.SOFTWARE:
        assert set(tally.injected) == set(CELLS)
        assert min(tally.injected.values()) > 15


def test_the_whole_campaign_has_its_faults():
    assert sum(part.faults for part in FULL) >= 10**6
    assert len({(part.layer, part.seed) for part in FULL}) == len(FULL)


def attacked(faults=4_000):
    return Part(Layer.SOFTWARE, 5, faults).run()


def test_a_driver_that_takes_any_crc_is_noticed(monkeypatch):
    class AnyCrc:
        __hash__ = None

        def __ne__(self, other):
            return False

    monkeypatch.setattr(frames, "_CRC_RESIDUE", AnyCrc())
    assert attacked().miscounted


def test_a_driver_that_repeats_without_end_is_noticed(monkeypatch):
    run = Exchange.run
    monkeypatch.setattr(
        Exchange, "run", lambda self, operation, retries, *rest: run(self, operation, 10**9, *rest)
    )
    assert attacked(200).hangs


def test_results_in_the_order_of_their_arrival_are_noticed(monkeypatch):
    def take(self, reply):
        if reply.payload[4:8] != self._number.to_bytes(4, "little") or self.finished:
            return False
        self._answered += 1
        self._window.popleft()
        self._live, self._took = max(self._live - 1, 0), 0
        self._results.append(reply.payload[24:])
        return True

    monkeypatch.setattr(Operation, "take", take)
    assert attacked().wrong
