"""What a forger does to a package: change files or records, and make the rest fit as far as wanted.

The tools of the product are in the forger's hands, too: trees, checkpoints and statements are
rebuilt by them.
"""

import base64
import hashlib
import json
import shutil
from pathlib import Path

from consilience.audit.checkpoint import Checkpoint, NoteKey, signed_checkpoint
from consilience.audit.entries import entry
from consilience.audit.package import STATEMENT, seed_check
from consilience.audit.proofs import PROVED, proofs_document
from consilience.audit.statement import canonical_json, envelope, statement
from consilience.audit.tiles import TileLog, bundle_entries
from tests.campaigns.forgeries.honest import ORIGIN, key_of

OPERATOR, STRANGER = 1, 2


class Forger:
    """A package taken apart.

    Parameters
    ----------
    folder : Path
        A copy, which is changed in place.

    Attributes
    ----------
    records : list of list
        All records, parsed.
    predicate : dict
        Of the statement.
    extra : dict of str to str
        Path: SHA-256 of files that the statement names, too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records = [json.loads(one) for one in records_of(folder)]
        self.predicate = payload_of(folder)["predicate"]
        self.extra = {}

    def bytes(self, path):
        return (self.folder / path).read_bytes()

    def put(self, path, data):
        (self.folder / path).write_bytes(data)

    def json(self, path):
        return json.loads(self.bytes(path))

    def begin(self, session):
        """Return the settings of a session, to be changed."""
        return next(one for one in self.records if one[:1] + one[2:3] == ["begin", session])[4]

    def of(self, session, *kinds):
        """Return the records of some kinds in a session."""
        return [self.records[at] for at in self.places(session, *kinds)]

    def places(self, session, *kinds):
        """Return where the records of some kinds in a session are."""
        found, current = [], None
        for at, one in enumerate(self.records):
            if one[0] == "begin":
                current = one[2]
            elif current == session and one[0] in kinds:
                found.append(at)
        return found

    def replace_file(self, session, name, data):
        """Put another file in the place of a session's, and let the log name it."""
        told = self.begin(session)["files"][name]
        self.put(told["path"], data)
        told["sha256"] = hashlib.sha256(data).hexdigest()

    def reseed(self, session, seed):
        """Give a session another seed, in the log too."""
        seeds = self.json("seeds.json")
        self.begin(session)["seed_sha256"] = seed_check(seed)
        self.put("seeds.json", canonical_json({**seeds, session: seed}))

    def rebuild(self, number=OPERATOR, origin=ORIGIN, proofs=True):
        """Make tree, checkpoint, proofs and statement anew, with a key."""
        shutil.rmtree(self.folder / "tile")
        data = [one if isinstance(one, bytes) else entry(*one) for one in self.records]
        log = TileLog(self.folder, durable=False)
        log.extend(data)
        log.flush()
        key = key_of(number)
        note = signed_checkpoint(Checkpoint(origin, log.size, log.root), key)
        self.put("checkpoint", note.encode())
        if proofs:
            proved = [at for at, one in enumerate(data) if one.startswith(PROVED)]
            self.put("proofs.json", proofs_document(log, proved, NoteKey(origin, key.public), ()))
        self.predicate["log"] = {"origin": origin, "size": log.size, "root": log.root.hex()}
        self.sign(number, origin)

    def sign(self, number=OPERATOR, origin=ORIGIN, omit=()):
        """Make the statement anew over the files as they are, but for those to be omitted."""
        unsigned = {STATEMENT, *self.predicate["unsigned"], *omit}
        digests = {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.folder.rglob("*")
            if path.is_file() and path.relative_to(self.folder).as_posix() not in unsigned
        }
        digests |= self.extra
        self.put(STATEMENT, envelope(statement(digests, self.predicate), origin, key_of(number)))

    def payload(self):
        """Return the bytes of the statement."""
        return base64.b64decode(self.json(STATEMENT)["payload"])

    def sign_payload(self, payload, kind="application/vnd.in-toto+json"):
        """Sign any bytes of any type as the statement, with the operator's key."""
        message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        key = key_of(OPERATOR)
        signature = {
            "keyid": NoteKey(ORIGIN, key.public).text,
            "sig": base64.b64encode(key.sign(message)).decode(),
        }
        told = {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [signature],
        }
        self.put(STATEMENT, canonical_json(told))


def records_of(folder):
    """Return the records of a package, in order."""
    paths = [one for one in (folder / "tile" / "entries").rglob("*") if one.is_file()]
    names = sorted(paths, key=lambda one: one.relative_to(folder).as_posix().replace(".p/", "/"))
    return [one for path in names for one in bundle_entries(path.read_bytes(), str(path))]


def payload_of(folder):
    """Return the statement of a package."""
    return json.loads(base64.b64decode(json.loads((folder / STATEMENT).read_bytes())["payload"]))


def flipped(data, at=-2):
    """Return bytes with one bit of one of them changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)
