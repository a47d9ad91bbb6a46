"""Key files: their modes, who may read them, and what never shows."""

import copy
import errno
import os
import pickle
import re
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from consilience.distributed.epochs.deployment_file import draw_deployment, read_deployment
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
    folder.mkdir(mode=0o700)  # one that is made under such a umask is for root alone to write to
    before = os.umask(0o277)  # neither too narrow
    try:
        private, public = write_key_pair(folder, "agent-7", key)
    finally:
        os.umask(before)
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
    "name",
    [
        "agent",
        "agent-",
        "agent-07",
        "../agent-7",
        "agent-7.key",
        "",
        f"agent-{2**64}",
        "agent-99999999999999999999999",
    ],
)
def test_names(folder, name):
    with pytest.raises(BadInput, match=r"use agent-N, .*producer-N, N a number below 2\*\*64$"):
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


@pytest.mark.parametrize("mode", [0o1777, 0o1770, 0o1702])
def test_a_sticky_folder_of_all_was_taken_for_safe(folder, mode):
    """What is mine cannot be replaced there; but all may add keys to the roster."""
    private, public = write_key_pair(folder, "agent-7", key_of("a"))
    draw_deployment(folder)
    folder.chmod(mode)
    for read in (lambda: read_key(private), lambda: read_public(public), lambda: roster_of(folder)):
        with pytest.raises(PermissionRefused, match="others may write to this folder"):
            read()


def roster_of(folder):
    return Roster.read(folder, 9)


def test_a_folder_that_all_may_write_to_above_the_keys(folder, tmp_path):
    """They could put another folder in its place; a sticky one, such as /tmp, will do."""
    (tmp_path / "open").mkdir()
    keys = tmp_path / "open" / "a" / "keys"
    private, public = write_key_pair(keys, "agent-7", key_of("a"))
    (tmp_path / "open").chmod(0o777)
    for read in (lambda: read_key(private), lambda: read_public(public)):
        with pytest.raises(PermissionRefused, match=r"could put another in the place of .*/keys"):
            read()
    (tmp_path / "open").chmod(0o1777)
    assert read_public(public) == read_key(private).public


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o620])
def test_a_public_key_that_others_may_write_was_read(folder, mode):
    _, public = write_key_pair(folder, "replica-0", key_of("a"))
    draw_deployment(folder)
    public.chmod(mode)
    for read in (lambda: read_public(public), lambda: roster_of(folder)):
        with pytest.raises(PermissionRefused, match=f"mode {mode:04o} lets others write to it"):
            read()
    public.chmod(0o444)
    assert read_public(public) == key_of("a").public


def test_public_keys_and_their_folder_may_be_no_links(folder, tmp_path):
    _, public = write_key_pair(folder, "replica-0", key_of("a"))
    draw_deployment(folder)
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (other / "replica-0.pub").symlink_to(public)
    (other / "deployment.id").symlink_to(folder / "deployment.id")
    with pytest.raises(PermissionRefused, match=r"not a link$"):
        read_public(other / "replica-0.pub")
    with pytest.raises(PermissionRefused, match=r"deployment.id.* not a link$"):
        roster_of(other)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PermissionRefused, match=r"link: is a link; give the folder itself$"):
        roster_of(tmp_path / "link")
    os.mkfifo(folder / "replica-1.pub")
    with pytest.raises(PermissionRefused, match=r"must be a file of the user"):
        roster_of(folder)
    with pytest.raises(BadInput, match=r"is no folder; give the folder of the keys$"):
        roster_of(public)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away, which root alone may")
def test_files_of_others(folder):
    private, public = write_key_pair(folder, "replica-0", key_of("a"))
    for path, read in ((private, read_key), (public, read_public), (folder, roster_of)):
        os.chown(path, 12345, -1)
        with pytest.raises(PermissionRefused, match=r"of the user who runs|belongs to another"):
            read(path)
        os.chown(path, 0, -1)


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
    with pytest.raises(BadInput, match=r"deployment.id: no such file; copy it .* draw the id$"):
        Roster.read(folder, 9)
    deployment, is_new = draw_deployment(folder)
    roster = Roster.read(folder, 9, horizon=3)
    assert is_new and draw_deployment(folder) == (deployment, False)
    assert (roster.deployment, roster.shard, roster.horizon) == (deployment, 9, 3)
    assert dict(roster.agents) == {n: key_of(f"agent-{n}").public for n in (0, 12)}
    assert dict(roster.replicas) == {n: key_of(f"replica-{n}").public for n in range(3)}
    assert roster.faulty == 1
    for name in ("someone", f"agent-{1 << 64}", "agent-" + "9" * 40, "agent-007", "replica--1"):
        (folder / f"{name}.pub").write_text("")
        with pytest.raises(BadInput, match=rf"{name}\.pub: name keys agent-N\.pub, replica-N"):
            Roster.read(folder, 9)
        (folder / f"{name}.pub").unlink()
    write_key_pair(folder, f"agent-{(1 << 64) - 1}", key_of("last"))
    assert (1 << 64) - 1 in Roster.read(folder, 9).agents


def test_the_id_of_a_deployment_is_drawn_once(folder):
    folder.mkdir(mode=0o700)
    before = os.umask(0)
    try:
        deployment, _ = draw_deployment(folder)
    finally:
        os.umask(before)
    path = folder / "deployment.id"
    assert path.stat().st_mode & 0o7777 == 0o644
    assert path.read_text() == deployment.hex() + "\n"
    assert draw_deployment(folder, deployment) == (deployment, False)
    with pytest.raises(BadInput, match=r"is of deployment [0-9a-f]{32}, not of the one"):
        draw_deployment(folder, bytes(16))
    for damaged in ("", "00" * 15 + "\n", "00" * 16, "00" * 16 + "\n\n", "AB" * 16 + "\n"):
        path.write_text(damaged)
        with pytest.raises(BadInput, match=r"holds no id of a deployment"):
            draw_deployment(folder)
    path.write_bytes(b"\xff" * 33)
    with pytest.raises(BadInput, match=r"holds no id of a deployment"):
        read_deployment(folder)
    path.write_bytes(bytes(1 << 20))
    with pytest.raises(BadInput, match=r"longer than any key"):
        read_deployment(folder)


def test_any_flipped_bit_of_a_key_file_is_no_key_or_another():
    """Never an error of the parser's own: UnsupportedAlgorithm and InternalError escaped."""
    secret = key_of("a").private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    shown = (
        key_of("a")
        .private.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    kinds = set()
    with laid_out({}) as folder:
        folder.chmod(0o700)
        for text, name, read in ((secret, "k.key", read_key), (shown, "k.pub", read_public)):
            path = folder / name
            path.touch(0o600)
            for bit in range(8 * len(text)):
                damaged = bytearray(text)
                damaged[bit // 8] ^= 1 << bit % 8
                path.write_bytes(damaged)
                try:
                    read(path)
                except BadInput as error:
                    assert re.search(r"not an Ed25519 (private|public) key in PEM$", str(error))
                kinds |= {type(error) for error in parsed_by_the_library(bytes(damaged), name)}
    assert not kinds <= {ValueError, TypeError}, "the library raises others for some of them"


def parsed_by_the_library(text, name):
    try:
        load_pem_private_key(text, None) if name == "k.key" else load_pem_public_key(text)
    except Exception as error:
        yield error


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"deployment": bytes(15)}, "the id of a deployment is 16 bytes"),
        ({"deployment": "0" * 16}, "the id of a deployment is 16 bytes"),
        ({"agents": {1 << 64: bytes(32)}}, f"agent {1 << 64} of a roster is not an u64"),
        ({"replicas": {-1: bytes(32)}}, "replica -1 of a roster is not an u64"),
        ({"horizon": 1 << 64}, f"horizon {1 << 64} of a roster is not an u64"),
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
        Roster(
            **(
                {"deployment": bytes(16), "shard": 0, "agents": {}, "replicas": {0: bytes(32)}}
                | change
            )
        )


def test_a_roster_and_its_limits_are_what_was_given():
    keys = {0: bytes(32)}
    roster = Roster(bytes(16), (1 << 64) - 1, keys, {0: bytes(32)})
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
    assert Roster(bytes(16), 0, {}, {0: bytes(32)}).faulty == 0


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
