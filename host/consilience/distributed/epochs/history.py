"""What replicas keep of closed epochs: what a later proof takes out again, or is made of."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Self

from consilience.distributed.epochs.digests import Kept, kept_hash
from consilience.distributed.epochs.equivocation import Equivocation
from consilience.distributed.epochs.reports import SignedReport

__all__ = ["History"]


class History:
    """The closed epochs of the horizon: a function of what was agreed, so equal on honest replicas.

    Bounded: of each epoch at most `reports_per_agent` reports an agent, counted and late together.

    Parameters
    ----------
    horizon : int
        Epochs before the open one that are kept.
    """

    def __init__(self, horizon: int) -> None:
        self._horizon = horizon
        self._counted: dict[int, dict[int, tuple[SignedReport, ...]]] = {}
        self._late: dict[int, dict[tuple[int, int], SignedReport]] = {}
        self._named: set[tuple[int, int]] = set()
        self._hashes: dict[int, tuple[bytes, bytes]] = {}

    @property
    def named(self) -> frozenset[tuple[int, int]]:
        """(epoch, agent) of everyone who was proven to have equivocated: once is enough."""
        return frozenset(self._named)

    @property
    def epochs(self) -> tuple[int, ...]:
        """The closed epochs of which something is kept, ascending."""
        return tuple(sorted(self._counted.keys() | self._late.keys()))

    def counted(self, epoch: int) -> tuple[SignedReport, ...]:
        """Return the reports of an epoch that still count, sorted."""
        kept = self._counted.get(epoch, {})
        return tuple(signed for agent in sorted(kept) for signed in kept[agent])

    def late(self, epoch: int) -> tuple[SignedReport, ...]:
        """Return the reports of an epoch that came after its closing, sorted; none counts."""
        return tuple(sorted(self._late.get(epoch, {}).values(), key=lambda signed: signed.order))

    def covers(self, epoch: int, open_epoch: int) -> bool:
        """Return whether a proof about `epoch` still corrects."""
        return open_epoch - self._horizon <= epoch < open_epoch

    def find(self, epoch: int, agent: int, seq: int) -> SignedReport | None:
        """Return the report that is kept under this number, counted or late."""
        for signed in self._counted.get(epoch, {}).get(agent, ()):
            if signed.report.seq == seq:
                return signed
        return self._late.get(epoch, {}).get((agent, seq))

    def proofs(
        self, proofs: Iterable[Equivocation], late: Iterable[SignedReport]
    ) -> dict[tuple[int, int], Equivocation]:
        """Return one proof for each (epoch, agent) not named before, of all that can be made.

        From proofs, and from late reports beside each other and beside what is kept. Of several the
        lowest: the same on all replicas.
        """
        made: list[Equivocation] = list(proofs)
        versions: defaultdict[tuple[int, int, int], dict[bytes, SignedReport]] = defaultdict(dict)
        for signed in late:
            report = signed.report
            versions[report.epoch, report.agent, report.seq][report.hash] = signed
        for place, found in versions.items():
            kept = self.find(*place)
            if kept is not None:
                found[kept.report.hash] = kept
            if len(found) > 1:
                lowest, second = sorted(found)[:2]
                made.append(Equivocation(found[lowest], found[second]))
        best: dict[tuple[int, int], Equivocation] = {}
        for proof in sorted(made, key=lambda proof: proof.order):
            if (proof.epoch, proof.agent) not in self._named:
                best.setdefault((proof.epoch, proof.agent), proof)
        return dict(sorted(best.items()))

    def new_late(
        self, late: Iterable[SignedReport], proven: Iterable[tuple[int, int]]
    ) -> tuple[SignedReport, ...]:
        """Return what is to be kept of late reports: each number once, sorted.

        Not what is kept already, and nothing of who is proven a liar in its epoch.
        """
        liars = self._named | set(proven)
        new: dict[tuple[int, int, int], SignedReport] = {}
        for signed in late:
            report = signed.report
            place = report.epoch, report.agent, report.seq
            if (report.epoch, report.agent) not in liars and self.find(*place) is None:
                new[place] = signed
        return tuple(signed for _, signed in sorted(new.items(), key=lambda item: item[0]))

    def take_out(
        self, late: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], list[SignedReport]]:
        """Name proven liars of closed epochs; return the counted reports of each that had any."""
        taken: dict[tuple[int, int], list[SignedReport]] = {}
        for epoch, agent in sorted(late):
            self._named.add((epoch, agent))
            self._hashes.pop(epoch, None)
            counted = self._counted.get(epoch, {}).pop(agent, ())
            if counted:
                taken[epoch, agent] = list(counted)
            halves = self._late.get(epoch, {})
            for place in [place for place in halves if place[0] == agent]:
                del halves[place]
        return taken

    def add(
        self,
        epoch: int,
        reports: Iterable[SignedReport],
        equivocators: Iterable[int],
        late: Iterable[SignedReport],
    ) -> None:
        """Keep a closed epoch, and `new_late` reports of those before; forget what is too old."""
        by_agent: defaultdict[int, list[SignedReport]] = defaultdict(list)
        for signed in reports:
            by_agent[signed.report.agent].append(signed)
        self._counted[epoch] = {agent: tuple(kept) for agent, kept in by_agent.items()}
        self._named.update((epoch, agent) for agent in equivocators)
        for signed in late:
            report = signed.report
            self._late.setdefault(report.epoch, {})[report.agent, report.seq] = signed
            self._hashes.pop(report.epoch, None)
        self.forget(epoch + 1)

    def forget(self, open_epoch: int) -> None:
        """Forget what no proof can correct any more."""
        for epoch in self.epochs:
            if not self.covers(epoch, open_epoch):
                self._counted.pop(epoch, None)
                self._late.pop(epoch, None)
                self._hashes.pop(epoch, None)
        self._named = {pair for pair in self._named if self.covers(pair[0], open_epoch)}

    def hashes(self) -> list[Kept]:
        """Return what `digests.report_set_hash` needs of each epoch."""
        for epoch in self.epochs:
            if epoch not in self._hashes:
                pair = kept_hash(self.counted(epoch)), kept_hash(self.late(epoch))
                self._hashes[epoch] = pair
        return [(epoch, *self._hashes[epoch]) for epoch in self.epochs]

    @classmethod
    def of(
        cls,
        horizon: int,
        kept: Iterable[tuple[int, Iterable[SignedReport], Iterable[SignedReport]]],
        named: Iterable[tuple[int, int]],
    ) -> Self:
        """Return the history of epochs with their counted and late reports, and of the named."""
        history = cls(horizon)
        for epoch, counted, late in kept:
            history.add(epoch, counted, (), late)
        history._named = set(named)
        return history
