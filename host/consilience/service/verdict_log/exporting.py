"""What an outsider is given of a service's log: proofs of alarms; and, if asked for, all records.

Proofs need the Merkle log alone. A package from which each verdict is recomputed needs every record
since the first, and gives away the seed that breaks ties.
"""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from consilience.audit.checkpoint import NoteKey, opened_checkpoint
from consilience.audit.package import PackageFacts, write_package
from consilience.audit.statement import canonical_json
from consilience.audit.tiles import TileLog
from consilience.audit.watch_record import RecordedWatch
from consilience.distributed.epochs.key_files import read_key
from consilience.errors import BadInput, ImpossibleState
from consilience.service.settings import ServiceSettings
from consilience.service.store.observation_log import Kind, ObservationLog
from consilience.service.store.snapshots import Snapshots
from consilience.service.verdict_log.judged_by import judged_by
from consilience.service.verdict_log.leaves import alarm_leaf, as_logged, record_leaf, refused_leaf
from consilience.service.verdict_log.recorded_state import RecordedState
from consilience.service.verdict_log.verdict_log import CHECKPOINT, FOLDER, KEY

__all__ = ["alarms_of", "export_records", "proofs_of", "write_proofs"]

_SESSION = "service"
_VERIFY = Path(__file__).parents[2] / "audit" / "verify.py"


def alarms_of(state: Path, since_ms: int) -> list[dict[str, Any]]:
    """Return the alarms of a state directory from a time on; the service may run."""
    path = state / "service.db"
    if not path.is_file():
        raise BadInput(f"{state}: is no state directory of a service; give that of its --state")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        rows = base.execute("SELECT body FROM alarms ORDER BY id").fetchall()
    base.close()
    found = [json.loads(body) for (body,) in rows]
    return [one for one in found if one["at_ms"] >= since_ms]


def proofs_of(state: Path, since_ms: int) -> tuple[NoteKey, list[dict[str, Any]]]:
    """Return the log's key, and of each alarm since a time its proof, as `verify.py` takes it.

    Alarms that came after the last checkpoint, a second ago at most, are not in it.

    Raises
    ------
    BadInput
        No log is kept there, or it is damaged.
    """
    named, checkpoint = state / "deployment", state / FOLDER / CHECKPOINT
    if not named.is_file() or not checkpoint.is_file():
        raise BadInput(f"{state}: has no log of verdicts; start the service on it once")
    deployment = named.read_text().strip()
    key = NoteKey(f"consilience/{deployment}", read_key(state / KEY).public)
    note = checkpoint.read_text(encoding="utf-8")
    try:
        signed, log = opened_checkpoint(note, key), TileLog(state / FOLDER)
        found = [
            {
                "alarm": as_logged(alarm),
                "index": alarm["log_index"],
                "record": log.entry(alarm["log_index"]).decode(),
                "hashes": [
                    one.hex() for one in log.inclusion_proof(alarm["log_index"], signed.size)
                ],
                "checkpoint": note,
            }
            for alarm in alarms_of(state, since_ms)
            if alarm.get("log_index", signed.size) < signed.size
        ]
    except ImpossibleState as error:
        raise BadInput(f"{state / FOLDER}: {error}; restore it from a backup") from None
    return key, found


def export_records(
    state: Path, out: Path, since_ms: int, source: Path | None = None
) -> tuple[PackageFacts, Path]:
    """Write a package from which every statistic and alarm since the first record is recomputed.

    Returns what was written, and the file beside the folder, NAME.pub, with the signer's public
    key: give it to who verifies by another way than the package.

    Parameters
    ----------
    state : Path
        A service may run on it; what it takes meanwhile is not in the package.
    out : Path
        Made, or empty.
    since_ms : int
        Alarms from this time on stand in it with their proof in the service's own log.
    source : Path, optional
        The file of --frozen or --model that the service was given.

    Raises
    ------
    BadInput
        Records are gone (`--keep`), or judged otherwise than by these options alone.
    """
    key, proofs = proofs_of(state, since_ms)
    newest = Snapshots(state / "snapshots").newest()
    if newest is None:
        raise BadInput(f"{state}: has no snapshot yet; start the service once")
    options, model = judged_by(newest.facts, source)
    seed = int((state / "seed").read_text().strip()[:16], 16)
    watch = RecordedWatch(options, seed)
    settings = ServiceSettings(options, model=model)
    replayed = RecordedState(settings, seed, watch)
    leaves = _leaves(state)
    with tempfile.TemporaryDirectory(prefix="consilience-export-") as folder:
        for record in _records(state, Path(folder)):
            if record.kind == Kind.REMOVE:
                raise BadInput(
                    f"record {record.position} removes an agent, which a package cannot hold; the "
                    "proofs of alarms can be had without --records"
                )
            expected = [one for one in (next(leaves, None),) if one is not None]
            try:
                done = replayed.apply(record)
            except BadInput:
                made = [refused_leaf(record)]
            else:
                made = [record_leaf(record, done)]
                for place, alarm in enumerate(done.alarms):
                    alarm["log_index"] = replayed.leaves + 2 + place
                    made.append(alarm_leaf(alarm))
                    expected += [one for one in (next(leaves, None),) if one is not None]
            replayed.leaves += len(made)
            if made[: len(expected)] != expected:
                raise BadInput(
                    f"record {record.position}: what follows from it is not what the log says; "
                    "the options have changed since, or one of both was changed"
                )
    told = {"checkpoint": (state / FOLDER / CHECKPOINT).read_text(), "key": key.text}
    documents = {"service_log.json": canonical_json({**told, "alarms": proofs})}
    signing, origin = read_key(state / KEY), f"{key.name}/package"
    facts = write_package(
        out,
        sessions=[watch.session(_SESSION)],
        documents=documents,
        key=signing,
        origin=origin,
        inputs={} if model is None else {"model of traces": newest.facts["model"]},
    )
    whole = out.resolve()
    public = whole.with_name(f"{whole.name}.pub")
    public.write_text(f"{NoteKey(origin, signing.public).text}\n", encoding="utf-8")
    return facts, public


def write_proofs(out: Path, key: str, proofs: Iterable[dict[str, Any]]) -> int:
    """Write a file for each proof, the key and verify.py; return how many proofs."""
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"{out}: is there and not empty; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    for one in proofs:
        (out / f"alarm-{one['alarm']['id']}.json").write_bytes(canonical_json(one))
        count += 1
    (out / "service.pub").write_text(f"{key}\n", encoding="utf-8")
    shutil.copyfile(_VERIFY, out / "verify.py")
    return count


def _leaves(state: Path) -> Iterator[bytes]:
    """Yield the leaves after the first; of a log that begins with record 1."""
    log = TileLog(state / FOLDER)
    begins = json.loads(log.entry(0))
    if begins[3] != 0:
        raise BadInput(
            f"the log of verdicts begins behind record {begins[3]}; export the proofs alone, "
            "without --records"
        )
    return (log.entry(index) for index in range(1, log.size))


def _records(state: Path, folder: Path) -> Iterator[Any]:
    """Yield all records, from a copy of the segment that a service may be writing."""
    segments = ObservationLog(state / "log").segments()
    if not segments or segments[0][0] != 1:
        first = segments[0][0] if segments else 1
        raise BadInput(
            f"{state}: the records before {first} are gone; a service that is to be recomputed "
            "keeps them (--keep); the proofs of alarms can be had without --records"
        )
    for place, (_, path) in enumerate(segments):
        if place == len(segments) - 1:
            shutil.copyfile(path, folder / path.name)
        else:
            (folder / path.name).symlink_to(path.absolute())
    with ObservationLog(folder) as log:
        yield from log.replay(0)
