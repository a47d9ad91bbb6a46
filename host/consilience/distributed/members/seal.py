"""Signed messages of the plane: by whom, for which deployment and roster, and what they say."""

from collections.abc import Mapping
from hashlib import sha256

from consilience.distributed.epochs.digests import HASH_BYTES
from consilience.distributed.epochs.scope import DEPLOYMENT_BYTES
from consilience.distributed.epochs.signing import SIGNATURE_BYTES, Domain, SigningKey, is_signed
from consilience.distributed.epochs.wire import Reader, number
from consilience.distributed.members.plane_roster import PlaneRoster
from consilience.distributed.members.refused import SIGNED, Reason, Refused
from consilience.errors import BadInput

__all__ = ["SEAL_BYTES", "Seal"]

SEAL_BYTES = len(SIGNED) + DEPLOYMENT_BYTES + HASH_BYTES + 8 + SIGNATURE_BYTES
"""Bytes of a signed message beside what it says."""


class Seal:
    """Signs messages of one kind as a member, and opens those of the others.

    A message: magic, deployment, hash of the roster, number of the sender (u64 LE), signature, what
    it says. Signed is: tag of the kind (32 bytes), deployment, hash of the roster, sender, SHA-256
    of what it says. All before the hash has one length, so that nothing can be moved between the
    fields, and no message of one kind, deployment, roster or sender is one of another.

    Parameters
    ----------
    domain : Domain
        The kind.
    roster : PlaneRoster
    senders : mapping of int to bytes
        Those of the roster who send messages of this kind: its nodes, or its producers.
    number : int, optional
        The member that signs; needed by `sealed` alone, as `key`.
    key : SigningKey, optional

    Raises
    ------
    BadInput
        The key is not that of the member.
    """

    def __init__(
        self,
        domain: Domain,
        roster: PlaneRoster,
        senders: Mapping[int, bytes],
        number: int = 0,
        key: SigningKey | None = None,
    ) -> None:
        if key is not None and senders.get(number) != key.public:
            raise BadInput(
                f"the key is not that of member {number} of the roster; give the key whose .pub "
                "file lies there"
            )
        self._domain, self._roster, self._senders = domain, roster, senders
        self._number, self._key = number, key

    @property
    def overhead(self) -> int:
        """`SEAL_BYTES`."""
        return SEAL_BYTES

    def sealed(self, body: bytes) -> bytes:
        """Return a body under this member's signature."""
        if self._key is None:
            raise BadInput("a message is signed with a key; this seal has none")
        deployment, roster = self._roster.deployment, self._roster.hash
        signature = self._key.sign(self._statement(deployment, roster, self._number, body))
        return SIGNED + deployment + roster + number(self._number) + signature + body

    def opened(self, data: bytes) -> tuple[int, bytes]:
        """Return the sender of a message and what it says; Refused unless it is a member's."""
        try:
            reader = Reader("message of a member", SIGNED, data)
            deployment, roster = reader.take(DEPLOYMENT_BYTES), reader.take(HASH_BYTES)
            sender, signature = reader.number(), reader.take(SIGNATURE_BYTES)
        except BadInput:
            raise Refused(Reason.STRANGER) from None
        body, public = reader.rest(), self._senders.get(sender)
        if deployment != self._roster.deployment:
            raise Refused(Reason.OTHER_DEPLOYMENT)
        statement = self._statement(deployment, roster, sender, body)
        if public is None or not is_signed(public, statement, signature):
            raise Refused(Reason.STRANGER)
        if roster != self._roster.hash:
            raise Refused(Reason.OTHER_ROSTER)
        return sender, body

    def _statement(self, deployment: bytes, roster: bytes, sender: int, body: bytes) -> bytes:
        return self._domain + deployment + roster + number(sender) + sha256(body).digest()
