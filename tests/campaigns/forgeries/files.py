"""Forgeries of files: what was signed is changed, and not all of what depends on it."""

import base64
import hashlib
import json
from pathlib import Path

from consilience.audit.checkpoint import Checkpoint, signed_checkpoint
from consilience.audit.entries import entry
from consilience.audit.package import STATEMENT
from consilience.audit.statement import canonical_json
from consilience.audit.tiles import TileLog
from tests.campaigns.forgeries.forger import STRANGER, flipped, payload_of
from tests.campaigns.forgeries.honest import ORIGIN, key_of

BUNDLE, TILE = "tile/entries/000", "tile/0/000"


def flip(path):
    return lambda forger: forger.put(path, flipped(forger.bytes(path)))


def remove(path):
    return lambda forger: (forger.folder / path).unlink()


def linked(forger):
    target = forger.folder / "claims.json"
    other = forger.folder.parent / "elsewhere.json"
    other.write_bytes(target.read_bytes())
    target.unlink()
    target.symlink_to(other)


def other_statement(forger):
    envelope = forger.json(STATEMENT)
    payload = payload_of(forger.folder)
    payload["predicate"]["sessions"] = payload["predicate"]["sessions"][:-1]
    envelope["payload"] = base64.b64encode(canonical_json(payload)).decode()
    forger.put(STATEMENT, canonical_json(envelope))


def other_signature(forger):
    envelope = forger.json(STATEMENT)
    text = envelope["signatures"][0]["sig"]
    envelope["signatures"][0]["sig"] = ("B" if text[0] == "A" else "A") + text[1:]
    forger.put(STATEMENT, canonical_json(envelope))


def swapped_tiles(forger):
    first, second = forger.bytes(TILE), forger.bytes("tile/0/001")
    forger.put(TILE, second)
    forger.put("tile/0/001", first)


SHA = r": its SHA-256 is [0-9a-f]{64}, the statement says [0-9a-f]{64}"
CARELESS = [
    ("edited evidence", "a bit of a record", flip(BUNDLE), rf"{BUNDLE}{SHA}"),
    ("edited tile", "a bit of a tile", flip(TILE), rf"{TILE}{SHA}"),
    ("edited tile", "two tiles swapped", swapped_tiles, rf"{TILE}{SHA}"),
    ("edited claims", "a bit of the claims", flip("claims.json"), rf"claims\.json{SHA}"),
    ("edited environment", "another machine", flip("environment.json"), rf"environment\.json{SHA}"),
    ("edited page", "a bit of the page", flip("index.html"), rf"index\.html{SHA}"),
    ("edited verifier", "a bit of verify.py", flip("verify.py"), rf"verify\.py{SHA}"),
    ("edited seeds", "a bit of the seeds", flip("seeds.json"), rf"seeds\.json{SHA}"),
    ("edited proofs", "a bit of the proofs", flip("proofs.json"), rf"proofs\.json{SHA}"),
    ("edited checkpoint", "a bit of the checkpoint", flip("checkpoint"), rf"checkpoint{SHA}"),
    ("changed calibration", "a bit of the table",
     flip("files/frozen/frozen"), rf"files/frozen/frozen{SHA}"),
    ("swapped model", "a bit of the model", flip("files/model/model"), rf"files/model/model{SHA}"),
    ("missing file", "no claims", remove("claims.json"), r"claims\.json: is missing"),
    ("missing file", "no bundle", remove(BUNDLE), rf"{BUNDLE}: is missing"),
    ("missing file", "no checkpoint", remove("checkpoint"), r"checkpoint: is missing"),
    ("missing file", "no statement", remove(STATEMENT), r"statement\.dsse\.json: is missing"),
    ("added file", "a file that nobody signed",
     lambda forger: forger.put("more.json", b"{}"), r"more\.json: is not in the statement"),
    ("linked file", "a link in place of a file", linked, r"claims\.json: is a link"),
    ("edited statement", "a session less", other_statement, r"its signature is wrong"),
    ("edited statement", "another signature", other_signature, r"its signature is wrong"),
]  # fmt: skip


def signed_after(plant, number=1, origin=ORIGIN):
    def forge(forger):
        plant(forger)
        forger.sign(number, origin)

    return forge


def edited_record(forger, deep=False):
    path = Path(forger.folder / BUNDLE)
    path.write_bytes(path.read_bytes().replace(b'["run","a0","3"', b'["run","a0","4"', 1))
    if deep:
        forger.records[10] = forger.records[9]
        for one in sorted((forger.folder / "tile").rglob("*"), reverse=True):
            if one.is_file():
                one.unlink()
        log = TileLog(forger.folder, durable=False)
        log.extend(entry(*one) for one in forger.records)
        log.flush()


def dropped_record(forger):
    path = forger.folder / BUNDLE
    data = path.read_bytes()
    path.write_bytes(data[2 + int.from_bytes(data[:2], "big") :])


def cut_record(forger):
    path = forger.folder / BUNDLE
    path.write_bytes(path.read_bytes()[:-1])


def other_checkpoint(number=1, origin=ORIGIN, size=0, root=None):
    def forge(forger):
        log = forger.predicate["log"]
        found = bytes.fromhex(log["root"]) if root is None else root
        made = Checkpoint(origin, log["size"] + size, found)
        forger.put("checkpoint", signed_checkpoint(made, key_of(number)).encode())
        forger.sign()

    return forge


def both_checkpoints(forger):
    """Let checkpoint and statement agree on a root that no records have."""
    root = hashlib.sha256(b"another").digest()
    forger.predicate["log"]["root"] = root.hex()
    made = Checkpoint(ORIGIN, forger.predicate["log"]["size"], root)
    forger.put("checkpoint", signed_checkpoint(made, key_of(1)).encode())
    forger.sign()


def unsigned_claims(forger):
    forger.predicate["unsigned"] = ["claims.json", "measured.json"]
    forger.put("claims.json", b'{"claims":[]}\n')
    forger.sign()


def proofs(change):
    def forge(forger):
        told = forger.json("proofs.json")
        change(told["inclusion"])
        forger.put("proofs.json", json.dumps(told, ensure_ascii=False).encode())
        forger.sign()

    return forge


def other_hash(inclusion):
    inclusion[0]["hashes"][0] = "00" * 32


def other_record(inclusion):
    others = {one["record"] for one in inclusion} - {inclusion[0]["record"]}
    inclusion[0]["record"] = min(others)


def earlier(number, root=None):
    def forge(forger):
        told = forger.json("proofs.json")
        made = Checkpoint(ORIGIN, 5, root or bytes(32))
        note = signed_checkpoint(made, key_of(number))
        told["consistency"] = [{"checkpoint": note, "hashes": []}]
        forger.put("proofs.json", json.dumps(told, ensure_ascii=False).encode())
        forger.sign()

    return forge


def renamed_sessions(forger):
    forger.predicate["sessions"][0] = "another"
    forger.sign()


HASTY = [
    ("edited evidence", "a record, tiles as they were", signed_after(edited_record),
     rf"{TILE}: is not the hashes of its records"),
    ("edited evidence", "a record, checkpoint as it was",
     signed_after(lambda forger: edited_record(forger, deep=True)),
     r"checkpoint: its root is not that of the records"),
    ("dropped row", "a record less in a bundle", signed_after(dropped_record),
     rf"{BUNDLE}: 255 of 256 records"),
    ("cut bundle", "a byte less", signed_after(cut_record), rf"{BUNDLE}: ends within record 255"),
    ("swapped verdict", "two tiles swapped", signed_after(swapped_tiles),
     rf"{TILE}: is not the hashes of its records"),
    ("forged checkpoint", "another size", other_checkpoint(size=-1),
     r"checkpoint: is not that of the statement"),
    ("forged checkpoint", "another root", other_checkpoint(root=bytes(32)),
     r"checkpoint: is not that of the statement"),
    ("forged checkpoint", "a root of no records", both_checkpoints,
     r"checkpoint: its root is not that of the records"),
    ("forged checkpoint", "signed by a stranger", other_checkpoint(STRANGER),
     r"checkpoint: is not signed by example\.com/audit with the key"),
    ("forged checkpoint", "of another log", other_checkpoint(origin="example.com/other"),
     r"checkpoint: is not signed by example\.com/audit"),
    ("forged checkpoint", "its signature flipped",
     signed_after(lambda forger: forger.put("checkpoint", flipped(forger.bytes("checkpoint"), -6))),
     r"checkpoint: the signature of example\.com/audit is not that of its text|no such form"),
    ("unsigned claims", "the statement leaves claims out", unsigned_claims,
     r"leaves out too much"),
    ("forged proofs", "one less", proofs(lambda inclusion: inclusion.pop()),
     r"proofs\.json: has not one proof of each alarm"),
    ("forged proofs", "another hash", proofs(other_hash), r"proofs\.json: the proof of record \d+"),
    ("forged proofs", "another record", proofs(other_record),
     r"proofs\.json: the proof of record \d+ does not lead to the root"),
    ("forged proofs", "an earlier checkpoint that is none", earlier(1),
     r"forked: the first 5 records differ from proofs\.json"),
    ("forged proofs", "an earlier checkpoint of a stranger", earlier(STRANGER),
     r"proofs\.json: is not signed by"),
    ("forged statement", "other sessions", renamed_sessions,
     r"statement\.dsse\.json: has other sessions"),
    ("forged statement", "under another name",
     signed_after(lambda forger: None, 1, "example.com/x"),
     r"checkpoint: is not signed by example\.com/x"),
]  # fmt: skip
