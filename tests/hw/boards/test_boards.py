"""The boards: what each says it is, and that its engine answers at its pins."""

from consilience_hw.boards.network_board import NetworkBoard
from consilience_hw.log_sum_exp.serial_log_sum_exp import SerialLogSumExp
from consilience_hw.primitives.pll_ecp5 import PllEcp5, engine_clock_hz
from consilience_hw.spec.link_map import BoardId, Feature
from consilience_hw.uart.bit_rate import BitRate
from consilience_tools.boards.catalogue import BOARDS


def test_each_has_its_number_and_its_oscillator():
    boards = {board.name: board.definition() for board in BOARDS}
    assert {name: board.config.board for name, board in boards.items()} == {
        "icebreaker": BoardId.ICEBREAKER,
        "ulx3s": BoardId.ULX3S_85F,
        "tangnano9k": BoardId.TANG_NANO_9K,
        "colorlight_5a75b": BoardId.COLORLIGHT_5A_75B,
        "ecpix5": BoardId.ECPIX_5_85F,
    }
    for name, board in boards.items():
        assert board.name == name
        oscillator_hz = board.platform().default_clk_frequency
        if isinstance(board, NetworkBoard):
            PllEcp5(int(oscillator_hz), board.transmit_degrees, board.engine_divider)
            assert board.config.clock_hz == engine_clock_hz(board.engine_divider)
        else:
            assert oscillator_hz == board.config.clock_hz
            assert BitRate(board.config.clock_hz, board.baud).period < 32


def test_what_the_small_ones_lack_is_told():
    boards = {board.name: board.definition().config for board in BOARDS}
    assert boards["icebreaker"].features == boards["tangnano9k"].features == Feature(0)
    for name in ("ulx3s", "colorlight_5a75b", "ecpix5"):
        assert boards[name].features == Feature.POSTERIOR | Feature.WEIGHTS


def test_no_more_requests_than_buffers_where_the_line_is_faster():
    """A record of one code comes in 8 byte times; the serial unit takes its latency and a few."""
    for board in BOARDS:
        definition = board.definition()
        config = definition.config
        if not config.serial:
            continue
        record = 8 * 10 * config.clock_hz / definition.baud
        needed = SerialLogSumExp(lanes=config.lanes).latency + 16
        assert config.credits <= 2 or needed < record, board.name
