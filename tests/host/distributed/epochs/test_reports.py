"""Reports: canonical bytes by other code, and no other message under a signature."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.epochs.reports import (
    LARGEST_PAYLOAD,
    LEAST_BYTES,
    AgentReport,
    SignedReport,
    codes_of,
)
from consilience.distributed.epochs.scope import Scope
from consilience.distributed.epochs.signing import Domain
from consilience.errors import BadInput
from tests.host.distributed.epochs.shard import HERE, agent_key, report

u64 = st.integers(0, (1 << 64) - 1)
scopes = st.builds(Scope, st.binary(min_size=16, max_size=16), u64)
reports = st.builds(AgentReport, scopes, u64, u64, u64, st.binary(max_size=40))


@given(reports)
def test_message_is_tag_scope_epoch_seq_agent_payload(one):
    values = (one.scope.shard, one.epoch, one.seq, one.agent)
    head = one.scope.deployment + b"".join(value.to_bytes(8, "little") for value in values)
    payload = len(one.payload).to_bytes(4, "little") + one.payload
    message = b"consilience frame 2".ljust(32, b"\0") + head + payload
    assert one.message == message
    assert one.hash == sha256(message).digest()
    signed = one.signed(agent_key(1))
    Ed25519PublicKey.from_public_bytes(agent_key(1).public).verify(signed.signature, message)
    assert bytes(signed) == b"CNER\2" + head + signed.signature + payload
    assert SignedReport.from_bytes(bytes(signed)) == signed


@given(reports, st.data())
def test_any_flipped_bit_breaks_the_signature(one, data):
    signed = one.signed(agent_key(1))
    assert signed.is_by(agent_key(1).public)
    assert not signed.is_by(agent_key(2).public)
    damaged = bytearray(bytes(signed))
    bit = data.draw(st.integers(0, 8 * len(damaged) - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        other = SignedReport.from_bytes(bytes(damaged))
    except BadInput:  # in the magic or in the length
        return
    assert not other.is_by(agent_key(1).public)


def test_domains_are_of_one_length_and_all_differ():
    assert {len(domain) for domain in Domain} == {32}
    assert len({bytes(domain) for domain in Domain}) == len(Domain) == 13


@pytest.mark.parametrize("name", ["epoch", "seq", "agent"])
@pytest.mark.parametrize("value", [-1, 1 << 64])
def test_numbers_are_u64(name, value):
    fields = {"scope": HERE, "epoch": 0, "seq": 0, "agent": 0, "payload": b""} | {name: value}
    with pytest.raises(BadInput, match=f"^{name} {value} of a report is not an u64$"):
        AgentReport(**fields)


def test_payload_is_bounded():
    assert len(AgentReport(HERE, 0, 0, 0, bytes(1 << 20)).payload) == LARGEST_PAYLOAD
    with pytest.raises(BadInput, match="send several"):
        AgentReport(HERE, 0, 0, 0, bytes((1 << 20) + 1))


def test_bytes_that_are_no_report():
    data = bytes(report(0))
    for size in range(len(data)):
        with pytest.raises(BadInput):
            SignedReport.from_bytes(data[:size])
    with pytest.raises(BadInput, match=r"^1 bytes too many behind this signed report$"):
        SignedReport.from_bytes(data + b"\0")
    with pytest.raises(BadInput, match=r"^the bytes are no signed report, or of another version$"):
        SignedReport.from_bytes(b"CNER\1" + data[5:])
    with pytest.raises(BadInput, match=r"^a signature has 64 bytes, not 63$"):
        SignedReport(report(0).report, bytes(63))
    assert len(bytes(report(0, codes=[]))) == LEAST_BYTES


def test_codes():
    codes = [0, -1, 65536, -(1 << 31), (1 << 31) - 1]
    assert codes_of(report(0, codes=codes).report.payload).tolist() == codes
    assert codes_of(b"").tolist() == []
    assert codes_of(b"abcde") is None
