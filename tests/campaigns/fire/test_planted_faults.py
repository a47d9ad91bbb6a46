"""What is wrong with a link must be seen: faults planted in driver, device and parsers."""

from types import SimpleNamespace

import pytest
from amaranth.hdl import Const

from consilience.link import frames
from consilience.link.exchange import Exchange
from consilience.link.frames import FrameDecoder
from consilience.link.operation import Operation
from consilience.link.session import LinkSession
from consilience.server.device_session import DeviceSession, _Verdict
from consilience_hw.link import frame_receiver
from consilience_hw.spec.link_map import FrameType
from tests.campaigns.fire.driver import DriverCampaign
from tests.campaigns.fire.ends import SoftwareEnd
from tests.campaigns.fire.gateware_parser import attack_gateware_parser
from tests.campaigns.fire.host_parser import attack_host_parser
from tests.campaigns.fire.receiver_unit import ReceiverUnit


def attacked(each=2):
    return DriverCampaign(SoftwareEnd, 5, each).run(lambda faults: None)


class AnyCrc:
    """Equal to everything."""

    def __ne__(self, other):
        return False

    __hash__ = None


def device_that_takes_every_nonce(patch):
    judge = DeviceSession._judge

    def judged(self, request):
        if self._nonce is not None and request.type != FrameType.HELLO:
            request = request._replace(nonce=self._nonce)
        elif request.type != FrameType.HELLO:
            self._nonce = request.nonce
        return judge(self, request)

    patch.setattr(DeviceSession, "_judge", judged)


def device_that_executes_repetitions(patch):
    judge = DeviceSession._judge

    def judged(self, request):
        verdict = judge(self, request)
        again = verdict is _Verdict.RESEND and request.operation == self._operation
        return _Verdict.CONTINUE if again else verdict

    patch.setattr(DeviceSession, "_judge", judged)


def retries_without_end(patch):
    run = Exchange.run
    patch.setattr(
        Exchange, "run", lambda self, operation, retries, *rest: run(self, operation, 10**9, *rest)
    )


def results_in_any_order(patch):
    """Each reply is taken for the one to the oldest request, and the sum over them is not made."""

    def take(self, reply):
        if reply.payload[4:8] != self._number.to_bytes(4, "little") or self.finished:
            return False
        self._answered += 1
        self._window.popleft()
        self._results.append(reply.payload[24:])
        return True

    patch.setattr(Operation, "take", take)


def session_that_is_taken_for_open_after_an_error(patch):
    run = LinkSession._run

    def ran(self, frame_type, message):
        try:
            return run(self, frame_type, message)
        finally:
            self._is_open = self._probe is not None

    patch.setattr(LinkSession, "_run", ran)


def device_that_does_not_count(patch):
    count = DeviceSession.count
    patch.setattr(
        DeviceSession,
        "count",
        lambda self, counter, amount=1: count(self, counter, amount and 1 * (counter != 3)),
    )


PLANTED = {
    "the CRC is not checked": (
        lambda patch: patch.setattr(frames, "_CRC_RESIDUE", AnyCrc()),
        {"miscounted"},
    ),
    "the nonce is not checked": (device_that_takes_every_nonce, {"miscounted"}),
    "a repeated request is executed again": (device_that_executes_repetitions, {"miscounted"}),
    "retries without end": (retries_without_end, {"hangs"}),
    "results in the order of their arrival": (results_in_any_order, {"wrong"}),
    "no new session after an error": (
        session_that_is_taken_for_open_after_an_error,
        {"unusable"},
    ),
    "wrong CRCs are not counted": (device_that_does_not_count, {"miscounted"}),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_noticed(monkeypatch, fault):
    plant, noticed_as = PLANTED[fault]
    plant(monkeypatch)
    tally = attacked()
    assert not tally.holds
    found = {name for name in ("wrong", "hangs", "unusable", "miscounted") if getattr(tally, name)}
    assert found >= noticed_as, tally.complaints


def test_a_host_parser_that_takes_anything_is_noticed(monkeypatch):
    monkeypatch.setattr(frames, "_CRC_RESIDUE", AnyCrc())
    assert attack_host_parser(1, 5, lambda faults: None).wrong


def test_a_host_parser_that_keeps_only_the_last_chunk_is_noticed(monkeypatch):
    monkeypatch.setattr(
        FrameDecoder, "_take", lambda self, part: setattr(self, "_begun", bytearray(part))
    )
    assert attack_host_parser(1, 5, lambda faults: None).wrong


def test_a_gateware_parser_that_takes_any_crc_is_noticed(monkeypatch):
    add = frame_receiver.add_crc32

    def added(m, begin):
        real = add(m, begin)
        return SimpleNamespace(data=real.data, valid=real.valid, match_detected=Const(1))

    monkeypatch.setattr(frame_receiver, "add_crc32", added)
    tally = attack_gateware_parser(1, 2, lambda faults: None, ReceiverUnit(256))
    assert tally.wrong
