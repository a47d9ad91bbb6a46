"""One replica's side of a closing, with what was taken on the disk before it is passed on."""

from consilience.distributed.epochs.closing import Agreed, Closing
from consilience.distributed.epochs.offers import Relay
from consilience.distributed.epochs.replica_records import RELAY, ROUND
from consilience.distributed.epochs.replica_store import ReplicaStore
from consilience.distributed.epochs.wire import number

__all__ = ["DurableClosing"]


class DurableClosing:
    """A `Closing`, which after a restart is where it was; see there.

    A restart within a round: send `said` again, and receive again what may have come since; in a
    round that has passed meanwhile this replica was silent, and is one of the f faulty ones.

    Parameters
    ----------
    closing : Closing
    store : ReplicaStore
    """

    def __init__(self, closing: Closing, store: ReplicaStore) -> None:
        self._closing, self._store = closing, store

    @property
    def round(self) -> int:
        """The round that is open, from 1; beyond `rounds` when the last has ended."""
        return self._closing.round

    @property
    def rounds(self) -> int:
        """f + 1."""
        return self._closing.rounds

    @property
    def is_over(self) -> bool:
        """Whether the last round has ended."""
        return self._closing.is_over

    @property
    def said(self) -> list[Relay]:
        """What is to be sent in this round, as often as is needed."""
        return self._closing.said

    @property
    def refused(self) -> int:
        """How many relays were refused since the start."""
        return self._closing.refused

    def receive(self, relay: Relay) -> bool:
        """Take what came from a replica, or refuse it; return whether it was taken."""
        with self._store.changing() as append:
            taken = self._closing.receive(relay)
            if taken:
                append(RELAY + bytes(relay))
        return taken

    def end_round(self) -> list[Relay]:
        """Return what to send in the next round, which begins; nothing after the last."""
        with self._store.changing() as append:
            ended = self._closing.round
            relays = self._closing.end_round()
            append(ROUND + number(ended))
        return relays

    def agreed(self) -> Agreed:
        """Return what was agreed; BadInput before the last round has ended."""
        return self._closing.agreed()
