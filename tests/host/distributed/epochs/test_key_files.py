"""Key files: their modes, who may read them, and what never shows."""

import copy
import errno
import os
import pickle
from pathlib import Path
from random import Random

import pytest

from consilience.distributed.epochs.key_files import read_key, read_public, write_key_pair
from consilience.distributed.epochs.roster import Roster
from consilience.distributed.epochs.signing import SigningKey, fingerprint, is_signed
from consilience.errors import BadInput, PermissionRefused
from tests.campaigns.crash.disk import Disk
from tests.campaigns.crash.faulty_disk import FaultyDisk
from tests.campaigns.crash.folders import laid_out
from tests.campaigns.crash.states import states
from tests.host.distributed.epochs.shard import key_of


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


def test_what_is_written_is_read(folder):
    key = SigningKey.generate()
    before = os.umask(0o277)  # neither too narrow
    try:
        private, public = write_key_pair(folder, "agent-7", key)
    finally:
        os.umask(before)
    folder.chmod(0o700)
    assert (private.name, public.name) == ("agent-7.key", "agent-7.pub")
    assert private.stat().st_mode & 0o7777 == 0o600
    assert public.stat().st_mode & 0o7777 == 0o644
    assert read_public(public) == key.public
    assert is_signed(key.public, b"message", read_key(private).sign(b"message"))


def test_keys_differ(folder):
    assert SigningKey.generate().public != SigningKey.generate().public


def test_folder_is_the_owners(folder):
    before = os.umask(0)
    try:
        write_key_pair(folder, "agent-0", key_of("a"))
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["key", "pub"])
def test_a_key_is_never_overwritten(folder, kind):
    folder.mkdir(mode=0o700)
    (folder / f"agent-7.{kind}").write_text("precious")
    with pytest.raises(BadInput, match=r"a key is never overwritten: move it away, or use it$"):
        write_key_pair(folder, "agent-7", key_of("a"))
    assert [path.name for path in folder.iterdir()] == [f"agent-7.{kind}"]
    assert (folder / f"agent-7.{kind}").read_text() == "precious"


def test_a_dangling_link_is_not_written_through(folder, tmp_path):
    folder.mkdir(mode=0o700)
    (folder / "agent-7.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="never overwritten"):
        write_key_pair(folder, "agent-7", key_of("a"))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "name", ["agent", "agent-", "agent-07", "../agent-7", "agent-7.key", "", f"agent-{2**64}"]
)
def test_names(folder, name):
    with pytest.raises(BadInput, match=r"use agent-N or replica-N, N a number below 2\*\*64$"):
        write_key_pair(folder, name, key_of("a"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644])
def test_a_key_that_others_may_touch_is_refused(folder, mode):
    private, _ = write_key_pair(folder, "agent-7", key_of("a"))
    private.chmod(mode)
    with pytest.raises(PermissionRefused, match=f"mode {mode:04o} lets others at the key"):
        read_key(private)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_may_write_to_is_refused(folder, mode):
    private, _ = write_key_pair(folder, "agent-7", key_of("a"))
    folder.chmod(mode)
    with pytest.raises(PermissionRefused, match="others may write to this folder"):
        read_key(private)
    with pytest.raises(PermissionRefused, match="others may write to this folder"):
        write_key_pair(folder, "agent-8", key_of("b"))
    folder.chmod(0o1777)  # sticky: others cannot replace what is mine
    assert read_key(private).public == key_of("a").public


def test_links_and_folders_are_no_keys(folder):
    private, _ = write_key_pair(folder, "agent-7", key_of("a"))
    link = folder / "link.key"
    link.symlink_to(private)
    with pytest.raises(PermissionRefused, match=r"not a link$"):
        read_key(link)
    with pytest.raises(PermissionRefused, match=r"must be a file of the user who runs this$"):
        read_key(folder)


def test_nothing_there(folder):
    with pytest.raises(BadInput, match=r"no such folder; make keys with `consilience keys`$"):
        read_key(folder / "agent-7.key")
    folder.mkdir(mode=0o700)
    with pytest.raises(BadInput, match=r"no such key; make one with `consilience keys`$"):
        read_key(folder / "agent-7.key")
    with pytest.raises(BadInput, match=r"no such key$"):
        read_public(folder / "agent-7.pub")


def test_damaged_keys_are_told_without_their_text(folder):
    private, public = write_key_pair(folder, "agent-7", key_of("a"))
    secret = private.read_text().splitlines()[1]
    private.write_text(private.read_text().replace("KEY", "EKY"))
    with pytest.raises(BadInput, match=r"not an Ed25519 private key in PEM$") as caught:
        read_key(private)
    assert secret[:16] not in str(caught.value)
    assert caught.value.__cause__ is None
    public.write_text("nonsense")
    with pytest.raises(BadInput, match=r"not an Ed25519 public key in PEM$"):
        read_public(public)


def test_a_key_shows_only_its_fingerprint(folder):
    key = key_of("a")
    private, _ = write_key_pair(folder, "agent-7", key)
    shown = f"{key!r} {key} {read_key(private)!r}"
    assert fingerprint(key.public) in shown
    raw = key.private.private_bytes_raw()
    assert raw.hex() not in shown and str(raw) not in shown
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="a private key is not pickled"):
            way(key)


def test_roster_of_a_folder(folder):
    for name in ("agent-0", "agent-12", "replica-0", "replica-1", "replica-2"):
        write_key_pair(folder, name, key_of(name))
    roster = Roster.read(folder, 9)
    assert roster.shard == 9
    assert dict(roster.agents) == {n: key_of(f"agent-{n}").public for n in (0, 12)}
    assert dict(roster.replicas) == {n: key_of(f"replica-{n}").public for n in range(3)}
    assert roster.faulty == 1
    (folder / "someone.pub").write_text("")
    with pytest.raises(BadInput, match=r"name keys agent-N\.pub or replica-N\.pub$"):
        Roster.read(folder, 9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shard": -1}, "shard -1 is not an u64"),
        ({"shard": 1 << 64}, f"shard {1 << 64} is not an u64"),
        ({"replicas": {}}, "0 replicas; f liars are outvoted by 2 f [+] 1, an odd number"),
        ({"replicas": {0: bytes(32), 1: bytes([1] * 32)}}, "2 replicas; .*"),
        ({"reports_per_agent": 0}, "reports_per_agent, codes_per_report and horizon must be .*"),
        ({"codes_per_report": 0}, "reports_per_agent, codes_per_report and horizon must be .*"),
        ({"horizon": 0}, "reports_per_agent, codes_per_report and horizon must be at least 1"),
        ({"agents": {0: bytes(31)}}, "public keys of agents have 32 bytes"),
        ({"agents": {0: bytes(32), 1: bytes(32)}}, "two agents have one key; .*"),
    ],
)
def test_rosters_that_cannot_be(change, message):
    with pytest.raises(BadInput, match=f"^{message}$"):
        Roster(**({"shard": 0, "agents": {}, "replicas": {0: bytes(32)}} | change))


def test_a_roster_and_its_limits_are_what_was_given():
    keys = {0: bytes(32)}
    roster = Roster((1 << 64) - 1, keys, {0: bytes(32)})
    limits = roster.reports_per_agent, roster.horizon, roster.codes_per_report
    assert limits == (16, 16, 1 << 18)
    keys[1] = bytes([1] * 32)
    assert dict(roster.agents) == {0: bytes(32)}
    with pytest.raises(TypeError):
        roster.agents[1] = keys[1]


def test_reading_a_key_left_its_file_open(folder):
    private, _ = write_key_pair(folder, "agent-7", key_of("a"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        read_key(private)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_one_replica_trusts_itself():
    assert Roster(0, {}, {0: bytes(32)}).faulty == 0


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_left_an_empty_key(tmp_path, monkeypatch, call):
    """Neither of the pair stays, so that the next try is not refused."""
    calls, sync = [], os.fsync

    def fsync(file):
        calls.append(file)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(file)

    folder = tmp_path / "keys"
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(os, "fsync", fsync)
        write_key_pair(folder, "agent-1", SigningKey.generate())
    assert list(folder.iterdir()) == []
    write_key_pair(folder, "agent-1", SigningKey.generate())


def test_a_crash_left_a_key_of_no_bytes_and_took_a_new_folder_with_its_keys():
    """Whatever a crash at any call leaves: each key is whole, and no public one is alone."""
    disk, key = Disk(), key_of("a")
    before = disk.copy()
    with laid_out({}) as folder, FaultyDisk(folder, disk) as faulty:
        write_key_pair(folder / "deployment" / "keys", "agent-1", key)
    path = "deployment/keys/agent-1"
    for touch in faulty.trace:
        touch.apply(before)
        for state in states(before, Random(1)):
            with laid_out(state.tree) as folder:
                if f"{path}.key" in state.tree:
                    assert read_key(folder / f"{path}.key").public == key.public
                if f"{path}.pub" in state.tree:
                    assert read_public(folder / f"{path}.pub") == key.public
            assert (f"{path}.pub" in state.tree) <= (f"{path}.key" in state.tree)
    assert f"{path}.pub" in next(states(disk, Random(1))).tree
