"""The evidence of many agents as exact sums that can be merged."""

import hashlib
import itertools
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from consilience.devices.device import Device
from consilience.distributed.totals.evidence_sums_bytes import SumsFields, pack_sums, unpack_sums
from consilience.distributed.totals.id_types import ID_TYPES, common_type, typed_ids
from consilience.errors import BadInput, CapacityExceeded, ImpossibleState
from consilience.numbers.arrays import Codes, Words
from consilience.turns import in_turn
from consilience.verdicts.exact_totals import LOW, LOW_BITS, ExactTotals
from consilience_hw.spec.log_format import Q16_16
from consilience_hw.spec.number_formats import ONE

__all__ = ["EvidenceSums", "SumsPosteriors"]

_TOO_MANY = "more than 2**32 rows of an agent; split them over several ids"


class SumsPosteriors(NamedTuple):
    """Posteriors of the agents of a state.

    Parameters
    ----------
    ids : pyarrow.Array, shape (A,)
        Agents in ascending order, of the type of their file.
    posterior, status
        As in `PosteriorResult`.
    rows : int64 array, shape (A,)
        Rows of evidence of each agent.
    """

    ids: pa.Array
    posterior: Codes
    status: Words
    rows: NDArray[np.int64]


class EvidenceSums:
    """Per agent and hypothesis the exact sum of ``weight * code``, without the prior.

    A sum is an integer in Q.32 (unit 2**-32 bit), wide enough for 2**32 rows of an agent. Rows
    that say log of zero with a weight above 0 are counted, not added. The state is that of the
    multiset of rows: any order and any split over states give the same `bytes` after merging.

    Threads may share it: each operation happens as a whole. Memory: 8 + 24 H bytes an agent, and
    its id.

    Parameters
    ----------
    hypotheses : sequence of str
        Names; states of other names do not merge.
    """

    _turns: ClassVar = RLock()
    """Of all such states: a lock of its own could not be copied with one."""

    def __init__(self, hypotheses: Sequence[str]) -> None:
        self.hypotheses = tuple(hypotheses)
        self._id_type = ID_TYPES[0]
        self._place: dict[int | str, int] = {}
        self._rows = np.zeros(0, np.int64)
        self._cells = np.zeros((3, 0, len(self.hypotheses)), np.int64)

    def __len__(self) -> int:
        return len(self._place)

    @property
    def agents(self) -> tuple[int | str, ...]:
        """Ids of all agents, in no order."""
        return tuple(self._place)

    @property
    def rows(self) -> int:
        """Rows of evidence in the state."""
        return int(self._rows.sum())

    @property
    def digest(self) -> str:
        """SHA-256 of `bytes`, in hex: equal for equal states."""
        return hashlib.sha256(bytes(self)).hexdigest()

    def add(self, agents: Any, codes: Codes, weight: Words | None = None) -> Self:
        """Add rows: agents (n,), codes (n, H), weights (n,) of 0 .. 65536, None meaning 1.

        Raises
        ------
        BadInput
            Shapes that do not match, a weight above 65536, ids that `typed_ids` refuses, or
            integers beside text.
        CapacityExceeded
            An agent would have more than 2**32 rows; nothing changed.
        """
        if codes.shape != (len(agents), len(self.hypotheses)):
            raise BadInput(
                f"codes of shape {codes.shape} for {len(agents)} rows of "
                f"{len(self.hypotheses)} hypotheses"
            )
        weights = np.full(len(agents), ONE, np.int64) if weight is None else np.asarray(weight)
        if weights.shape != (len(agents),) or weights.dtype.kind not in "iu":
            raise BadInput(f"weights must be integers, one a row, 0 .. {ONE}")
        if (weights < 0).any() or (weights > ONE).any():
            raise BadInput(f"weights must be one a row, 0 .. {ONE}")
        ids = typed_ids(agents)
        if not len(ids):
            return self
        encoded = ids.dictionary_encode()
        first, index = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
        rows = np.bincount(index).astype(np.int64)
        cells = np.zeros((3, len(first), len(self.hypotheses)), np.int64)
        adding = ExactTotals.of_rows(codes, weights.astype(np.uint32))
        for sums, values in zip(cells, adding, strict=True):
            np.add.at(sums, index, values)
        return self._take(SumsFields(self.hypotheses, str(ids.type), first, rows, cells))

    def merge(self, other: "EvidenceSums") -> Self:
        """Add all that `other` holds; BadInput if its hypotheses are others."""
        if other.hypotheses != self.hypotheses:
            raise BadInput(
                f"states of hypotheses {', '.join(other.hypotheses)} and "
                f"{', '.join(self.hypotheses)} cannot be merged"
            )
        return self._take(other._fields())

    @in_turn
    def difference(self, other: "EvidenceSums") -> str | None:
        """Return why `other` cannot be merged into this state, in words, or None."""
        if other.hypotheses != self.hypotheses:
            theirs, ours = ", ".join(other.hypotheses), ", ".join(self.hypotheses)
            same = sorted(other.hypotheses) == sorted(self.hypotheses)
            return f"its hypotheses are {theirs}, here {ours}" + (
                ": the same in another order, start all nodes with one order" if same else ""
            )
        if self._place and other._place:
            both = itertools.chain(self._place, other._place)
            try:
                common_type(self._id_type, other._id_type, both)
            except BadInput as error:
                return f"its agent ids are {other._id_type}, here {self._id_type}: {error}"
        return None

    @in_turn
    def check_room(self, other: "EvidenceSums") -> None:
        """Raise CapacityExceeded if an agent would have more than 2**32 rows with `other`."""
        for agent, rows in zip(other._place, other._rows.tolist(), strict=True):
            place = self._place.get(agent)
            if place is not None and int(self._rows[place]) + rows > Q16_16.capacity:
                raise CapacityExceeded(_TOO_MANY)

    @in_turn
    def split(self, part_of: Callable[[int | str], int]) -> dict[int, "EvidenceSums"]:
        """Return the sums of each part that has agents, by its number; `part_of` tells it."""
        fields = self._fields()
        number = np.array([part_of(agent) for agent in fields.agents], np.int64)
        parts = {}
        for one in np.unique(number).tolist():
            places = np.flatnonzero(number == one)
            agents = [fields.agents[place] for place in places]
            parts[one] = EvidenceSums(self.hypotheses)._take(
                fields._replace(
                    agents=agents, rows=fields.rows[places], cells=fields.cells[:, places]
                )
            )
        return parts

    def posterior(self, device: Device, prior: Codes) -> SumsPosteriors:
        """Return the posterior of each agent, computed on `device`.

        The same codes and status as `Device.posterior` gives for all the rows.

        Parameters
        ----------
        device : Device
        prior : ndarray of int32, shape (H,)
            log2 of the prior probabilities, as codes.

        Raises
        ------
        BadInput
            The device has fewer hypotheses.
        """
        if len(self.hypotheses) > device.info.hypotheses:
            raise BadInput(
                f"{len(self.hypotheses)} hypotheses, but {device.info.url} takes at most "
                f"{device.info.hypotheses}; choose another --device"
            )
        fields = self._sorted()
        posterior, status = ExactTotals(*fields.cells).posteriors(prior, device)
        ids = pa.array(fields.agents, fields.id_type)
        return SumsPosteriors(ids, posterior, status, fields.rows)

    def __bytes__(self) -> bytes:
        return pack_sums(self._sorted())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EvidenceSums):
            return NotImplemented
        return bytes(self) == bytes(other)

    __hash__ = None  # type: ignore[assignment]  # a state changes

    @classmethod
    def from_bytes(cls, data: bytes) -> "EvidenceSums":
        """Return the state of `bytes`; ImpossibleState if they are of no multiset of rows."""
        fields = unpack_sums(data)
        state = cls(fields.hypotheses)
        state._take(fields)
        if bytes(state) != data:
            raise ImpossibleState("the bytes of the sums are not canonical; they are damaged")
        return state

    @in_turn
    def _fields(self) -> SumsFields:
        return SumsFields(
            self.hypotheses, self._id_type, list(self._place), self._rows, self._cells
        )

    @in_turn
    def _sorted(self) -> SumsFields:
        fields = self._fields()
        order = sorted(range(len(self)), key=fields.agents.__getitem__)
        return fields._replace(
            agents=[fields.agents[place] for place in order],
            rows=fields.rows[order],
            cells=fields.cells[:, order],
        )

    @in_turn
    def _take(self, part: SumsFields) -> Self:
        """Add sums by agent, each agent once."""
        if not part.agents:
            return self
        id_type = part.id_type
        if self._place:
            both = itertools.chain(self._place, part.agents)
            id_type = common_type(self._id_type, id_type, both)
        index = np.array([self._place.get(agent, -1) for agent in part.agents], np.int64)
        known = index >= 0
        if (self._rows[index[known]] + part.rows[known] > Q16_16.capacity).any():
            raise CapacityExceeded(_TOO_MANY)
        self._id_type = id_type
        grow = int((~known).sum())
        index[~known] = np.arange(len(self), len(self) + grow)
        self._place.update(zip(part.agents, index.tolist(), strict=True))
        self._rows = np.pad(self._rows, (0, grow))
        self._rows[index] += part.rows
        cells = np.pad(self._cells, ((0, 0), (0, grow), (0, 0)))
        cells[:, index] += part.cells
        # The one carry keeps the low part below 2**32, so that equal sums are equal arrays.
        _, high, low = cells
        high += low >> LOW_BITS
        low &= LOW
        self._cells = cells
        return self
