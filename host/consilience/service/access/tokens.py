"""Tokens and certificate names in `access.db`: made, listed, revoked, checked.

Every check reads the database: a token that another process has revoked is refused by the next
check. A read takes some ten microseconds; nothing is cached that could be out of date.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from consilience.closing import Closes
from consilience.errors import BadInput
from consilience.link.token_proof import NO_KEYS, Token, TokenKeys
from consilience.service.access.identity import Identity
from consilience.service.access.private_file import make_private, read_only_by_owner
from consilience.service.access.redaction import redacted
from consilience.service.access.scopes import Scope, scopes_of
from consilience.service.store.full_disk import told_if_full

__all__ = ["FILE", "VERSION", "Credential", "Tokens", "now_ms"]

FILE = "access.db"
"""Name in the state directory."""

_KEPT_MS = 365 * 86_400_000
"""What was revoked or expired so long ago goes when another is made."""

_APPLICATION = 0x434E5341
VERSION = 1
_TABLE = """
CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    stored BLOB NOT NULL,
    server BLOB NOT NULL,
    scopes TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    revoked_ms INTEGER
) STRICT
"""
_COLUMNS = "id, kind, name, stored, server, scopes, made_ms, expires_ms, revoked_ms"


def now_ms() -> int:
    """Return the wall clock in ms."""
    return time.time_ns() // 1_000_000


class Credential(NamedTuple):
    """A row: what is known of a token or a certificate's name. Times in ms."""

    id: str
    kind: Literal["token", "certificate"]
    name: str
    keys: TokenKeys
    scopes: frozenset[Scope]
    made_ms: int
    expires_ms: int | None
    revoked_ms: int | None

    def state(self, at_ms: int) -> Literal["valid", "expired", "revoked"]:
        """Return what it is worth at a time."""
        if self.revoked_ms is not None:
            return "revoked"
        expired = self.expires_ms is not None and at_ms >= self.expires_ms
        return "expired" if expired else "valid"

    @property
    def identity(self) -> Identity:
        """Who its holder is."""
        return Identity(self.kind, self.id, self.name, self.scopes)


class Tokens(Closes):
    """The table of who may do what; several processes may have it open.

    Parameters
    ----------
    path : Path
        The file, made with mode 0600 if it is not there; one that others may read is refused.
    clock : callable
        Gives the time in ms.
    """

    def __init__(self, path: Path, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        make_private(path)
        read_only_by_owner(path)
        try:
            self._base = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=5.0
            )
            try:
                with told_if_full():
                    self._base.execute("PRAGMA journal_mode = WAL")
                    self._base.execute("PRAGMA synchronous = FULL")
                    self._prepare(path)
            except BaseException:
                self._base.close()
                raise
        except sqlite3.DatabaseError as error:
            raise BadInput(
                f"{path}: no table of tokens ({error}); restore it, or move it away"
            ) from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def create(
        self, name: str, scopes: Iterable[str], lifetime_ms: int | None = None
    ) -> tuple[Token, Credential]:
        """Make a token; its text is nowhere but in what is returned.

        Parameters
        ----------
        name : str
            What it is for, for people; none that is valid has it.
        scopes : iterable of str
        lifetime_ms : int, optional
            Without it the token never expires.
        """
        token = Token.drawn()
        return token, self._add(token.id, "token", name, token.keys, scopes, lifetime_ms)

    def trust_certificate(
        self, subject: str, scopes: Iterable[str], lifetime_ms: int | None = None
    ) -> Credential:
        """Give scopes to the client certificates of a subject, see `tls.subject_of`."""
        made = Token.drawn().id
        return self._add(made, "certificate", subject, NO_KEYS, scopes, lifetime_ms)

    def all(self) -> list[Credential]:
        """Return all, the oldest first, also those that are valid no more."""
        return self._rows("ORDER BY made_ms, id", ())

    def any_valid(self) -> bool:
        """Return whether there is one that opens anything now."""
        at = self._clock()
        return any(one.state(at) == "valid" for one in self.all())

    def revoke(self, which: str) -> Credential:
        """Revoke a token or certificate by its id or name; BadInput if no valid one has it."""
        found = [
            one
            for one in self._rows("WHERE id = ? OR name = ?", (which, which))
            if one.revoked_ms is None
        ]
        if not found:
            raise BadInput(f"{redacted(which)!r}: no token has this id or name; see `tokens list`")
        if len(found) > 1:
            ids = ", ".join(one.id for one in found)
            raise BadInput(f"{which!r} is the name of several; revoke one by its id: {ids}")
        at = self._clock()
        with self._lock, told_if_full():
            self._base.execute(
                "UPDATE credentials SET revoked_ms = ? WHERE id = ?", (at, found[0].id)
            )
        return found[0]._replace(revoked_ms=at)

    def check(self, text: str) -> Identity | str:
        """Return who holds a token, or in a word why it opens nothing.

        The words are *unknown*, *expired* and *revoked*; the last two only for who knows the
        secret. The comparison takes the same time whatever is wrong.
        """
        token = Token.of_text(text)
        given = (token or Token("", bytes(32))).keys
        row = self._row("WHERE id = ? AND kind = 'token'", token.id) if token else None
        same = (row.keys if row else NO_KEYS).equal(given)
        if row is None or not same:
            return "unknown"
        state = row.state(self._clock())
        return row.identity if state == "valid" else state

    def keys_of(self, id_: str, scope: Scope) -> TokenKeys | None:
        """Return the keys of a valid token that allows a scope, for a challenge."""
        row = self._row("WHERE id = ? AND kind = 'token'", id_)
        if row is None or row.state(self._clock()) != "valid" or not row.identity.allows(scope):
            return None
        return row.keys

    def of_certificate(self, subject: str) -> Identity | None:
        """Return who a checked client certificate of a subject stands for; None: for nobody."""
        at = self._clock()
        rows = self._rows("WHERE kind = 'certificate' AND name = ?", (subject,))
        return next((row.identity for row in rows if row.state(at) == "valid"), None)

    def is_valid(self, identity: Identity) -> bool:
        """Return whether somebody who was let in still would be."""
        if identity.kind == "loopback":
            return True
        row = self._row("WHERE id = ?", identity.id)
        return row is not None and row.state(self._clock()) == "valid"

    def _prepare(self, path: Path) -> None:
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        (application,) = self._base.execute("PRAGMA application_id").fetchone()
        if version == 0 and application == 0:
            self._base.execute("BEGIN IMMEDIATE")  # of two that begin at once one makes it
            if not self._base.execute("PRAGMA user_version").fetchone()[0]:
                self._base.execute(_TABLE)
                self._base.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._base.execute(f"PRAGMA user_version = {VERSION}")
            self._base.execute("COMMIT")
        elif application != _APPLICATION:
            raise BadInput(f"{path}: another program's database; move it away")
        elif version != VERSION:
            raise BadInput(f"{path}: version {version} of the table; this release reads {VERSION}")

    def _add(
        self,
        id_: str,
        kind: str,
        name: str,
        keys: TokenKeys,
        scopes: Iterable[str],
        lifetime_ms: int | None,
    ) -> Credential:
        wanted = scopes_of(scopes)
        if not name.strip() or not name.isprintable() or len(name) > 200:
            raise BadInput(f"{name!r}: no name; give up to 200 printable characters")
        at = self._clock()
        for one in self._rows("WHERE name = ?", (name,)):
            if one.state(at) == "valid":
                raise BadInput(
                    f"{name!r} is a valid {one.kind} already; revoke it, or choose another name"
                )
        expires = None if lifetime_ms is None else at + lifetime_ms
        row = (id_, kind, name, *keys, " ".join(sorted(wanted)), at, expires, None)
        with self._lock, told_if_full():
            # Here alone, so that no clock that has jumped removes what is valid.
            self._base.execute(
                "DELETE FROM credentials WHERE revoked_ms < ?1 OR expires_ms < ?1", (at - _KEPT_MS,)
            )
            self._base.execute(
                f"INSERT INTO credentials ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", row
            )
        return _credential(row)

    def _row(self, where: str, value: str) -> Credential | None:
        return next(iter(self._rows(where, (value,))), None)

    def _rows(self, where: str, values: tuple[str, ...]) -> list[Credential]:
        with self._lock:
            rows = self._base.execute(f"SELECT {_COLUMNS} FROM credentials {where}", values)
            return [_credential(row) for row in rows.fetchall()]


def _credential(row: tuple) -> Credential:  # type: ignore[type-arg]
    id_, kind, name, stored, server, scopes, made, expires, revoked = row
    return Credential(
        id_,
        kind,
        name,
        TokenKeys(stored, server),
        scopes_of(scopes.split()),
        made,
        expires,
        revoked,
    )
