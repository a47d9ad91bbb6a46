"""Every folder that consilience keeps: how one is filled, and what today's program finds in it.

A kept folder is a tar file of ``state`` and of ``found.json``, what was found in it when it was
kept.
"""

import io
import json
import tarfile
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from consilience.audit.package import PACKAGE_VERSION
from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.service.access.audit_log import AuditLog, read_changes
from consilience.service.access.tokens import VERSION as ACCESS
from consilience.service.access.tokens import Tokens
from consilience.service.alerts.alerts_database import VERSION as ALERTS
from consilience.service.backup.manifest import FORMAT as BACKUP
from consilience.service.backup.restoring import restore_backup
from consilience.service.backup.writing import write_backup
from consilience.service.store.database import VERSION as DATABASE
from consilience.service.store.snapshots import VERSION as SNAPSHOTS
from consilience.service.verdict_log.leaves import VERSION as LEAVES
from tests.campaigns.forgeries import honest
from tests.campaigns.forgeries.verifier import verify
from tests.host.distributed.epochs.lives import opened
from tests.host.distributed.epochs.shard import report
from tests.host.service.conftest import Asked
from tests.host.service.test_recovery import OPTIONS, batch, facts

__all__ = ["FOLDERS", "Folder"]


class Folder(NamedTuple):
    """A folder that is kept.

    Parameters
    ----------
    fill : callable
        Fills a folder that is not there yet.
    find : callable
        Returns what it holds, as JSON has it; may change the folder.
    """

    fill: Callable[[Path], object]
    find: Callable[[Path], Any]

    def make(self) -> bytes:
        """Return the tar file of a folder, and of what is found in it."""
        packed = io.BytesIO()
        with tempfile.TemporaryDirectory() as work, tarfile.open(fileobj=packed, mode="w") as tar:
            state, found = Path(work) / "state", Path(work) / "found.json"
            self.fill(state)
            tar.add(state, "state", filter=_plain)
            found.write_text(json.dumps(self.find(state), indent=0))
            tar.add(found, "found.json", filter=_plain)
        return packed.getvalue()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def _fill_service(folder: Path) -> None:
    state = folder.with_name("running")
    running = Asked(state, OPTIONS, snapshot_bytes=2048, kept_bytes=0)
    draw = Random(1)
    for number in range(25, 55):
        running.send(*batch(number, draw))
    write_backup(state, folder)
    running.service.close()


def _find_service(folder: Path) -> Any:
    state = folder.with_name("restored")
    restore_backup(folder, state)
    running = Asked(state, OPTIONS)
    try:
        found = facts(running)
        proof = running.ask("GET", f"/v1/alarms/{found[2][0]['id']}/proof").status_code
    finally:
        running.service.close()
    return json.loads(json.dumps([*found, proof]))


def _fill_log(folder: Path) -> None:
    with WriteAheadLog(folder) as log:
        list(log.replay(0))
        for seq in range(3):
            log.accept(seq // 2, seq, b"frame %d" % seq)


def _find_log(folder: Path) -> Any:
    with WriteAheadLog(folder) as log:
        return [[one.decode() for one in log.replay(epoch)] for epoch in (0, 1)]


def _fill_replica(folder: Path) -> None:
    with opened(folder) as replica:
        replica.admit_all([report(0), report(1, codes=[-7]), report(2, 0, [1]), report(2, 0, [2])])


def _find_replica(folder: Path) -> Any:
    with opened(folder) as replica:
        return [replica.epoch, [bytes(one).hex() for one in replica.closing().said]]


def _find_package(folder: Path) -> Any:
    return [verify(folder)[0]]


def _fill_access(folder: Path) -> None:
    folder.mkdir()
    with Tokens(folder / "access.db") as tokens, AuditLog(folder / "changes.jsonl") as changes:
        good, _ = tokens.create("é", ["read", "ingest"])
        ended, _ = tokens.create("ended", ["admin"])
        tokens.revoke("ended")
        tokens.trust_certificate("CN=one", ["read"], 10**15)
        changes.record("tests", "made a token", name="é", scopes=["read"])
        changes.record("tests", "ended a token")
    (folder / "texts.json").write_text(json.dumps([good.text, ended.text]))


def _find_access(folder: Path) -> Any:
    texts = json.loads((folder / "texts.json").read_text())
    with Tokens(folder / "access.db") as tokens:
        who = [tokens.check(text) for text in texts]
        found = [who[0].name, sorted(who[0].scopes), who[1]]
        certificate = tokens.of_certificate("CN=one")
    changes = list(read_changes(folder / "changes.jsonl"))
    return json.loads(json.dumps([*found, certificate is not None, changes]))


_SERVICE = f"service_backup{BACKUP}_log1_snapshots{SNAPSHOTS}_database{DATABASE}"
FOLDERS = {
    f"{_SERVICE}_alerts{ALERTS}_leaves{LEAVES}": Folder(_fill_service, _find_service),
    "shard_log-2": Folder(_fill_log, _find_log),
    "replica-1": Folder(_fill_replica, _find_replica),
    f"access-{ACCESS}": Folder(_fill_access, _find_access),
    f"audit_package-{PACKAGE_VERSION}": Folder(partial(honest.write), _find_package),
}
"""By the versions of what is in them, as the files in kept/."""
