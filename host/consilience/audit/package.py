"""Audit packages: a folder from which anybody recomputes every verdict, with Python alone.

    write_package(
        Path("audit"),
        sessions=[monitor_session, posterior_session],  # `session.Session`
        documents={"claims.json": canonical_json({"claims": [...]}), "environment.json": ...},
        key=SigningKey.generate(),                      # or key_files.read_key(path)
        origin="example.com/audit",                     # name of log and key in signed notes
        measured={"seconds": 12.5},                     # anything that differs from run to run
        inputs={"scores.csv": sha256_hex},              # inputs of which only hashes are given
        previous=[note],                                # earlier checkpoints of the same log
        date=int(os.environ["SOURCE_DATE_EPOCH"]),      # optional; never the clock
    )

Written are ``checkpoint``, ``tile/`` (the Merkle log of every record, C2SP tlog-tiles),
``statement.dsse.json``, ``proofs.json`` (an inclusion proof of each alarm and each reading, a
consistency proof from each earlier checkpoint), ``seeds.json`` (the seeds that broke ties, given
away with the package; the log has their hashes), ``files/`` (tables, models, raw codes of
sessions), the documents, ``index.html``, ``README.md``, ``verify.py`` and ``measured.json``.

Equal arguments give equal bytes. ``measured.json`` alone may differ between two runs: the statement
names it as not signed and has no hash of it. Everything else is signed: the log by its checkpoint,
all files by the statement.

``claims.json``: an object with "claims", a list of objects with "name", "statement", "ran",
"counts", "worst", "bound", "verdict" ("pass", "fail" or "NOT RUN") and "reason"; texts, for the
page ``claims.html``. They are what the signer says, not what verify.py finds; ``index.html`` is
what it finds, and it refuses a page that says anything else.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from consilience.audit.checkpoint import Checkpoint, NoteKey, signed_checkpoint
from consilience.audit.claims_page import claims_page
from consilience.audit.entries import begin
from consilience.audit.page import found_page, readme_text
from consilience.audit.proofs import PROVED, proofs_document
from consilience.audit.session import Session
from consilience.audit.session_facts import SessionFacts
from consilience.audit.statement import canonical_json, envelope, statement
from consilience.audit.tiles import TileLog
from consilience.distributed.epochs.signing import SigningKey
from consilience.errors import BadInput

__all__ = ["PackageFacts", "seed_check", "write_package"]

PACKAGE_VERSION = 2
MEASURED = "measured.json"
STATEMENT = "statement.dsse.json"
_OWN = ("checkpoint", STATEMENT, "proofs.json", "seeds.json", MEASURED)
_FLUSH = 1 << 16


class PackageFacts(NamedTuple):
    """What was written: checkpoint (a note), number of records, of alarms and readings, files."""

    checkpoint: str
    records: int
    proved: int
    files: int


def seed_check(seed: int) -> str:
    """Return what the log says of a secret seed: SHA-256 of a tag and its 8 bytes, in hex."""
    return hashlib.sha256(b"consilience audit seed 1\0" + seed.to_bytes(8, "little")).hexdigest()


def write_package(
    directory: Path,
    *,
    sessions: Sequence[Session],
    documents: Mapping[str, bytes],
    key: SigningKey,
    origin: str,
    measured: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
    previous: Sequence[str] = (),
    date: int | None = None,
) -> PackageFacts:
    """Write a package; see this module.

    Raises
    ------
    BadInput
        The folder exists and is not empty, names that repeat, an earlier checkpoint that is not
        of this log or not the beginning of it.
    """
    public = NoteKey(origin, key.public)
    if directory.exists() and any(directory.iterdir()):
        raise BadInput(f"{directory}: is there and not empty; choose another --out, or remove it")
    names = [one.name for one in sessions]
    if len(set(names)) < len(names):
        raise BadInput(f"sessions {', '.join(names)}: a name is there twice")
    own = {*_OWN, "index.html", "README.md", "verify.py", "claims.html"}
    if taken := set(names) & {"the log", "documents"}:
        raise BadInput(f"session {min(taken)}: verify.py calls its own rows so; rename the file")
    if taken := set(documents) & own:
        raise BadInput(f"document {min(taken)}: the package has its own; choose another name")
    if odd := [one for one in (*names, *documents) if not one.isprintable() or "\\" in one]:
        raise BadInput(f"session or document {odd[0]!r}: the name has letters that cannot be shown")
    if deep := [one for one in documents if "/" in one]:
        raise BadInput(f"document {deep[0]}: documents lie in the folder itself; leave out the /")
    directory.mkdir(parents=True, exist_ok=True)
    log, proved = TileLog(directory, durable=False), list[int]()
    facts = [SessionFacts(one) for one in sessions]
    for each in facts:
        _write_session(log, each, directory, proved)
    log.flush()
    note = signed_checkpoint(Checkpoint(origin, log.size, log.root), key)
    plain = {
        "checkpoint": note.encode(),
        "proofs.json": proofs_document(log, proved, public, previous),
        "seeds.json": canonical_json(
            {one.name: one.seed for one in sessions if one.seed is not None}
        ),
        "verify.py": (Path(__file__).parent / "verify.py").read_bytes(),
    }
    if "claims.json" in documents:
        documents = {**documents, "claims.html": claims_page(documents["claims.json"]).encode()}
    hashes = dict(inputs or {})
    page = found_page(public, facts, list(documents), log.size, log.root, hashes, date)
    plain |= {**documents, "README.md": readme_text().encode(), "index.html": page.encode()}
    for name, data in plain.items():
        _write(directory / name, data)
    digests = {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
    predicate = {
        "version": PACKAGE_VERSION,
        "log": {"origin": origin, "size": log.size, "root": log.root.hex()},
        "sessions": names,
        "inputs": hashes,
        "unsigned": [MEASURED],
        "date": date,
    }
    _write(directory / STATEMENT, envelope(statement(digests, predicate), origin, key))
    _write(directory / MEASURED, canonical_json(dict(measured or {})))
    return PackageFacts(note, log.size, len(proved), len(digests) + 2)


def _write_session(log: TileLog, facts: SessionFacts, directory: Path, proved: list[int]) -> None:
    session = facts.session
    settings = dict(session.settings)
    if session.files:
        settings["files"] = {}
    for name, data in sorted(session.files.items()):
        path = f"files/{session.name}/{name}"
        _write(directory / path, data)
        settings["files"][name] = {"path": path, "sha256": hashlib.sha256(data).hexdigest()}
    if session.seed is not None:
        settings["seed_sha256"] = seed_check(session.seed)
    log.append(begin(session.name, session.kind, settings))
    for record in session.records:
        if record.startswith(PROVED):
            proved.append(log.size)
        log.append(record)
        facts.take(record)
        if not log.size % _FLUSH:
            log.flush()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
