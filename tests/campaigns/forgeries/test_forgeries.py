"""Forged packages: each is refused by its own words, by verify.py alone."""

import base64
import hashlib
import re
import shutil
import struct

import pytest

from consilience.audit.checkpoint import NoteKey
from tests.campaigns.forgeries.forger import Forger
from tests.campaigns.forgeries.honest import ORIGIN, key_of, write
from tests.campaigns.forgeries.hostile_files import small_order
from tests.campaigns.forgeries.rejudged import FIRST, LATER, REJUDGED, packaged
from tests.campaigns.forgeries.table import FORGERIES, Who
from tests.campaigns.forgeries.verifier import verify

KEY = key_of(1).public.hex()
FAST = {
    "a link in place of a file", "a file beside it", "a table that no session names",
    "unknown key: an alarm is left out", "an alarm less, its statistic lowered",
    "a run is left out, the others renumbered", "a limit is lower", "one that is not certified",
    "another seed", "an escape in a name", "all said less", "a better guarantee",
}  # fmt: skip
"""One of the most telling kinds; a process each. The others are slow, and in the campaign."""


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forgeries") / "honest"
    write(folder)
    return folder


@pytest.mark.parametrize(
    "forgery",
    [
        pytest.param(one, id=str(one), marks=() if one.name in FAST else pytest.mark.slow)
        for one in FORGERIES
    ],
)
def test_a_forgery_is_refused_by_its_own_words(honest, tmp_path, forgery):
    folder = tmp_path / "forged"
    shutil.copytree(honest, folder)
    forgery.forge(folder)
    code, said, refused = verify(folder, "--key", KEY)
    assert code == 8
    assert re.search(forgery.words, refused), refused
    assert "verified" not in said


def test_there_are_as_many_as_asked_for_and_half_are_consistent():
    assert len({str(one) for one in FORGERIES}) == len(FORGERIES) >= 50
    assert len({one.kind for one in FORGERIES}) >= 20
    consistent = [one for one in FORGERIES if one.who in (Who.STRANGER, Who.OPERATOR)]
    assert 2 * len(consistent) >= len(FORGERIES)
    assert {one.name for one in FORGERIES} >= FAST


def test_edited_evidence_of_the_operator_is_shown_by_an_earlier_checkpoint_alone(tmp_path):
    earlier = packaged(tmp_path / "first", FIRST)
    packaged(tmp_path / "grown", [*FIRST, *LATER], previous=[earlier.read_text()])
    assert verify(tmp_path / "grown", "--key", KEY, "--checkpoint", earlier)[0] == 0
    for number, scores in enumerate(REJUDGED.values()):
        packaged(tmp_path / str(number), scores)
        if number == 0:  # all that is signed follows from the evidence: nothing is to be seen
            assert verify(tmp_path / str(number), "--key", KEY)[0] == 0
        code, _, refused = verify(tmp_path / str(number), "--key", KEY, "--checkpoint", earlier)
        assert code == 8
        assert re.search(r"refused: forked: the first \d+ records differ", refused)
    packaged(tmp_path / "back", FIRST[:-5])
    refused = verify(tmp_path / "back", "--key", KEY, "--checkpoint", earlier)[2]
    assert re.search(r"rolled back: .*checkpoint has 67 records, the log 61", refused)


def cosigned(note, number, time, text=None):
    """Return a note with the timestamped signature of a witness, and the witness' key."""
    signed, name = note.rpartition("\n\n")[0] + "\n", "example.com/witness"
    key = key_of(number)
    message = f"cosignature/v1\ntime {time}\n{text or signed}".encode()
    typed = b"\4" + key.public
    digest = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    data = digest + struct.pack(">Q", time) + key.sign(message)
    line = f"\N{EM DASH} {name} {base64.b64encode(data).decode()}\n"
    return note + line, f"{name}+{digest.hex()}+{base64.b64encode(typed).decode()}"


def test_a_witness_must_have_signed_the_checkpoint_that_it_is_asked_for(tmp_path):
    earlier = packaged(tmp_path / "first", FIRST)
    note = earlier.read_text()
    with_witness, witness = cosigned(note, 9, 1_790_000_000)
    seen = tmp_path / "seen"
    asked = ("--key", KEY, "--checkpoint", seen, "--witness", witness)
    seen.write_text(with_witness)
    assert verify(tmp_path / "first", *asked)[0] == 0
    seen.write_text(note)
    assert "is not signed by example.com/witness" in verify(tmp_path / "first", *asked)[2]
    seen.write_text(cosigned(note, 9, 1, text="another\n")[0])
    assert "the signature of example.com/witness is not" in verify(tmp_path / "first", *asked)[2]


def test_a_checkpoint_of_a_stranger_says_nothing(tmp_path):
    packaged(tmp_path / "first", FIRST)
    others = packaged(tmp_path / "others", FIRST, key=key_of(2))
    refused = verify(tmp_path / "first", "--key", KEY, "--checkpoint", others)[2]
    assert "is not signed by example.com/audit" in refused
    spoofed = NoteKey("example.com/x", key_of(1).public).text
    assert "is signed under the name" in verify(tmp_path / "first", "--key", spoofed)[2]
    assert NoteKey(ORIGIN, key_of(1).public).text != spoofed
    small_order(Forger(tmp_path / "first"))  # anybody can sign with it, so nobody has
    weak = NoteKey(ORIGIN, (1).to_bytes(32, "little")).text
    assert "its signature is wrong" in verify(tmp_path / "first", "--key", weak)[2]
