"""Reports: canonical bytes by other code, and no other message under a signature."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from consilience.distributed.epochs.reports import (
    LARGEST_PAYLOAD,
    AgentReport,
    SignedReport,
    codes_of,
)
from consilience.distributed.epochs.signing import Domain
from consilience.errors import BadInput
from tests.host.distributed.epochs.shard import agent_key, report

u64 = st.integers(0, (1 << 64) - 1)
reports = st.builds(AgentReport, u64, u64, u64, st.binary(max_size=40))


@given(reports)
def test_message_is_tag_epoch_seq_agent_payload(one):
    numbers = b"".join(value.to_bytes(8, "little") for value in (one.epoch, one.seq, one.agent))
    message = b"consilience frame 1".ljust(32, b"\0") + numbers + one.payload
    assert one.message == message
    assert one.hash == sha256(message).digest()
    signed = one.signed(agent_key(1))
    Ed25519PublicKey.from_public_bytes(agent_key(1).public).verify(signed.signature, message)
    assert bytes(signed) == numbers + signed.signature + one.payload
    assert SignedReport.from_bytes(bytes(signed)) == signed


@given(reports, st.data())
def test_any_flipped_bit_breaks_the_signature(one, data):
    signed = one.signed(agent_key(1))
    assert signed.is_by(agent_key(1).public)
    assert not signed.is_by(agent_key(2).public)
    damaged = bytearray(bytes(signed))
    bit = data.draw(st.integers(0, 8 * len(damaged) - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    assert not SignedReport.from_bytes(bytes(damaged)).is_by(agent_key(1).public)


def test_domains_are_of_one_length_and_all_differ():
    assert {len(domain) for domain in Domain} == {32}
    assert len({bytes(domain) for domain in Domain}) == len(Domain) == 5


@pytest.mark.parametrize("name", ["epoch", "seq", "agent"])
@pytest.mark.parametrize("value", [-1, 1 << 64])
def test_numbers_are_u64(name, value):
    fields = {"epoch": 0, "seq": 0, "agent": 0, "payload": b""} | {name: value}
    with pytest.raises(BadInput, match=f"^{name} {value} of a report is not an u64$"):
        AgentReport(**fields)


def test_payload_is_bounded():
    assert len(AgentReport(0, 0, 0, bytes(1 << 20)).payload) == LARGEST_PAYLOAD
    with pytest.raises(BadInput, match="send several"):
        AgentReport(0, 0, 0, bytes((1 << 20) + 1))


def test_bytes_too_few():
    with pytest.raises(BadInput, match=r"^a signed report has at least 88 bytes, not 87$"):
        SignedReport.from_bytes(bytes(87))
    assert SignedReport.from_bytes(bytes(88)).report == AgentReport(0, 0, 0, b"")


def test_codes():
    codes = [0, -1, 65536, -(1 << 31), (1 << 31) - 1]
    assert codes_of(report(0, codes=codes).report.payload).tolist() == codes
    assert codes_of(b"").tolist() == []
    assert codes_of(b"abcde") is None
