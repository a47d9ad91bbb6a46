"""Every value that consilience writes as bytes: how one is made, and how it is read and written.

The values are the same in every run, with parts that are easily forgotten: two hypotheses, a
negative id, a number that was seen, a code of zero, a label that is not ASCII.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.offers import Offer, Relay
from consilience.distributed.epochs.reports import SignedReport
from consilience.distributed.epochs.snapshots import Snapshot
from consilience.distributed.epochs.votes import Vote
from consilience.distributed.intake.messages import EvidenceMessage, Fate, Receipt
from consilience.distributed.members.alive import Alive
from consilience.distributed.reads.dated_state import DatedState, pack_dated_state
from consilience.distributed.reads.shard_state import ShardState
from consilience.distributed.state_message import Piece, StateMessage, join
from consilience.distributed.totals.evidence_sums import EvidenceSums
from consilience.errors import BadInput
from consilience.exact.log_sum import LogSum
from consilience.exact.window_sum import WindowSum
from consilience.link.admission import HELLO_BYTES, MAGIC, Hello
from consilience.models.model_file import read_model
from consilience.monitor.conformal_ranks import ConformalRanks
from consilience.monitor.frozen_table import FrozenTable
from consilience.monitor.model_increments import ModelIncrements
from consilience.monitor.monitor import Monitor
from consilience.monitor.settings import monitor_settings
from consilience.monitor.watch_folder import SavedWatch
from consilience.robust.calibration import Calibration
from consilience.robust.robust_histogram import RobustHistogram
from tests.host.distributed.epochs.shard import HERE, replica_key
from tests.host.distributed.epochs.test_offers import OFFER, PROOFS, REPORTS
from tests.host.distributed.epochs.test_snapshots import after_epochs
from tests.host.distributed.members.test_seal import SEAL
from tests.host.models import test_model_file as models

__all__ = ["FORMS", "Form"]

CODES = [0, -1, 65536, 65536, -70_000, 2**20, -(2**31)]
HISTOGRAM = RobustHistogram.of([-256, 0, 640, 128], 1280)


class Form(NamedTuple):
    """A form in bytes.

    Parameters
    ----------
    begins : bytes
        With what its bytes begin: a magic number and, where it follows at once, the version.
    make : callable
        Makes one value, and returns its bytes.
    again : callable
        Reads bytes, and returns the bytes of what was read.
    """

    begins: bytes
    make: Callable[[], bytes]
    again: Callable[[bytes], bytes]


def _sums() -> EvidenceSums:
    codes = np.array([[-5, 0, 7], [65536, -(2**31), 1], [9, 9, 9]], np.int32)
    ids = np.array([3, 7, 2**64 - 1], np.uint64)
    return EvidenceSums(("benign", "hijacked", "é")).add(ids, codes)


def _monitor() -> Monitor:
    made = Monitor(monitor_settings(2, threshold=3 * 65536, enrolled=9))
    made.update([1, 2, 1], [[65536, 2 * 65536]] * 3)
    made.update(["a", "a"], [[5, 6]] * 2, sequence=[7, 300])
    return made


def _ranks() -> ConformalRanks:
    made = ConformalRanks(("1/4", "1/2"), 50, "seeded", 7)
    for run in range(60):
        made.start("a", run, at=run)
        made.observe("a", run, run % 11, at=run)
        if run != 7:
            made.finish("a", run, run % 11, at=run + 1)
    return made


def _increments() -> ModelIncrements:
    good = np.log2([[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25]])
    bad = np.log2([[0.125, 0.25, 0.5, 0.125], [0.5, 0.25, 0.125, 0.125]])
    return ModelIncrements(np.log(2) * good, np.log(2) * bad, unseen=2, end=3)


def _watch() -> SavedWatch:
    return SavedWatch({"n": 1, "text": "é"}, bytes(_monitor()), bytes(_ranks()), b"ended")


def _message() -> StateMessage:
    return StateMessage(3, 2, 5, 7, 11, True, False, bytes(_sums()))


def _dated() -> bytes:
    echoes = [number.to_bytes(8, "little") for number in (9, 10**12)]
    return pack_dated_state(123, (b"".join(echoes) + b"\7\0\0\0") * 5, _message())


def _dated_again(data: bytes) -> bytes:
    read = DatedState.of(data)
    echoes = b"".join(
        incarnation.to_bytes(8, "little")
        + elapsed.to_bytes(8, "little")
        + held.to_bytes(4, "little")
        for incarnation, elapsed, held in map(read.echo, range(1, read.shards + 1))
    )
    return pack_dated_state(read.elapsed_ns, echoes, read.message)


def _calibration() -> Calibration:
    return Calibration.of("2026-11-29", "drawn", ("benign", "é"), [0, 5, 5, -7], [70_000, 1])


def _vote() -> Vote:
    return Vote(HERE, 7, 1, bytes(range(32)), bytes(32), b"\xff" * 32).signed(replica_key(1))


def _relay() -> Relay:
    return Relay(OFFER, ()).passed_on(1, replica_key(1)).passed_on(0, replica_key(0))


def _snapshot() -> bytes:
    return bytes(after_epochs()[2][0])


def _model() -> bytes:
    return _in_a_file(lambda path: models.of_agents().write(path, overwrite=False))


def _model_again(data: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        path.write_bytes(data)
        read = read_model(path)
    return _in_a_file(lambda path: read.write(path, overwrite=False))


def _calibration_again(data: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calibration"
        path.write_bytes(data)
        read = Calibration.read(path)
    return _in_a_file(read.write)


def _hello_again(data: bytes) -> bytes:
    hello = Hello.of_message(data) if len(data) == HELLO_BYTES else None
    if hello is None or not data.startswith(MAGIC):
        raise BadInput("no hello")
    return hello.message()


def _in_a_file(write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "it")
        return (Path(folder) / "it").read_bytes()


def _by(form: Any) -> Callable[[bytes], bytes]:
    return lambda data: bytes(form.from_bytes(data))


FORMS = {
    "log_sum-1": Form(b"CNLS\1\0", lambda: bytes(LogSum.of(CODES)), _by(LogSum)),
    "window_sum-1": Form(b"CNWS\1\0", lambda: bytes(LogSum.of(CODES).window()), _by(WindowSum)),
    "robust_histogram-1": Form(b"CSRH\1\0", lambda: bytes(HISTOGRAM), _by(RobustHistogram)),
    "monitor-1": Form(b"CNMO\1\0", lambda: bytes(_monitor()), _by(Monitor)),
    "ranks-1": Form(
        b"CNRA\1\0", lambda: bytes(_ranks()), lambda data: bytes(ConformalRanks.from_bytes(data, 7))
    ),
    "frozen_table-1": Form(
        b"CNFT\1\0", lambda: bytes(FrozenTable.fit([700, 250, 0, 50])), _by(FrozenTable)
    ),
    "model_increments-1": Form(b"CNMI\1\0", lambda: bytes(_increments()), _by(ModelIncrements)),
    "model-2": Form(b'{"a', _model, _model_again),
    "calibration_set-1": Form(
        b'{"format":"consilience calibration 1"',
        lambda: _in_a_file(_calibration().write),
        _calibration_again,
    ),
    "watch_state-2": Form(
        b"CNMW\2", lambda: bytes(_watch()), lambda data: bytes(SavedWatch.of(data, Path("state")))
    ),
    "evidence_sums-1": Form(b"CNES\1\0", lambda: bytes(_sums()), _by(EvidenceSums)),
    "state_message-1": Form(
        b"CNSP\1\0",
        lambda: _message().pieces(1 << 20)[0],
        lambda data: join([Piece.of(data)]).pieces(1 << 20)[0],
    ),
    "dated_state-1": Form(b"CNST\1\0", _dated, _dated_again),
    "shard_state-1": Form(b"CSRS\1\0", lambda: bytes(ShardState(HISTOGRAM, 512)), _by(ShardState)),
    "signed_report-2": Form(b"CNER\2", lambda: bytes(REPORTS[1]), _by(SignedReport)),
    "offer-2": Form(b"CNEO\2", lambda: bytes(OFFER), _by(Offer)),
    "relay-1": Form(b"CNEL\1", lambda: bytes(_relay()), _by(Relay)),
    "equivocation-1": Form(b"CNEE\1", lambda: bytes(PROOFS[0]), _by(Equivocation)),
    "vote-2": Form(b"CNEV\2", lambda: bytes(_vote()), _by(Vote)),
    "epoch_snapshot-1": Form(b"CNES\1", _snapshot, _by(Snapshot)),
    "sign_of_life-1": Form(
        b"CNPA\1",
        lambda: bytes(Alive(9, 2, 1 << 63, bytes(32), (b"a" * 16, b"b" * 16))),
        _by(Alive),
    ),
    "sealed_message-1": Form(
        b"CNPM\1", lambda: SEAL.sealed(b"said"), lambda data: SEAL.sealed(SEAL.opened(data)[1])
    ),
    "device_hello-1": Form(
        b"CNSA\1", lambda: Hello("0123456789abcdef", bytes(range(32))).message(), _hello_again
    ),
    "evidence_message-1": Form(
        b"CNEV1\0", lambda: bytes(EvidenceMessage(3, 2, 7, 9, bytes(_sums()))), _by(EvidenceMessage)
    ),
    "receipt-1": Form(
        b"CNRC1\0", lambda: bytes(Receipt(bytes(32), Fate.REFUSED, "why: é")), _by(Receipt)
    ),
}
"""By name and version, as the files in kept/."""
