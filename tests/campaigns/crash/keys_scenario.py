"""Keys in files: each whole, no public one without the private, and none gone once it was made."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from consilience.distributed.epochs import key_files
from consilience.distributed.epochs.key_files import read_key, read_public, write_key_pair
from consilience.distributed.epochs.signing import SigningKey
from consilience.errors import BadInput, ConsilienceError
from consilience.evidence import atomic_file
from tests.campaigns.crash.faulty_disk import FaultyDisk
from tests.campaigns.crash.scenario import ENDS, Scenario
from tests.campaigns.crash.states import State
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.trace import Note

__all__ = ["KeysScenario"]


class KeysScenario(Scenario):
    """`write_key_pair` into a folder that need not be there."""

    name = "keys"
    files = frozenset({key_files.__file__, atomic_file.__file__})

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.path = rng.choice(["keys", "deployment/keys"])

    def live(self, folder: Path, disk: FaultyDisk) -> None:
        """Make one or two pairs."""
        for name in self.rng.sample(["agent-1", "replica-0"], self.rng.randint(1, 2)):
            key = SigningKey.generate()
            disk.note("offered", (name, key.public))
            try:
                write_key_pair(folder / self.path, name, key)
            except (*ENDS, BadInput):
                continue
            disk.note("made", (name, key.public))

    def check(self, folder: Path, state: State, told: Sequence[Note], tally: Tally) -> None:
        """Read all keys; those that were made are there."""
        made = {note.about for note in told if note.word == "made"}
        offered = {note.about for note in told}
        for name in ("agent-1", "replica-0"):
            private, public = (folder / self.path / f"{name}{end}" for end in (".key", ".pub"))
            found: set[bytes] = set()
            try:
                if private.exists():
                    found.add(read_key(private).public)
                if public.exists():
                    found.add(read_public(public))
            except ConsilienceError as error:
                tally.complain("half", f"{error}; {_sizes(state)}")
                continue
            if len(found) > 1 or not {(name, key) for key in found} <= offered:
                tally.complain("neither", f"{name}: {_sizes(state)}")
            if public.exists() and not private.exists():
                tally.complain("half", f"{name}: {_sizes(state)}")
            tally.alone += private.exists() and not public.exists()
            for _, key in [one for one in made if one[0] == name]:
                if found != {key} or not (private.exists() and public.exists()):
                    tally.complain("gone", f"{name}: {_sizes(state)}")
        tally.parts_left += any(path.endswith(".part") for path in state.tree)


def _sizes(state: State) -> dict[str, int]:
    """Return what is there without showing a key."""
    return {path: len(found[0]) for path, found in state.tree.items() if found}
