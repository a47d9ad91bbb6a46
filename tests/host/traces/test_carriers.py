"""What a trace comes in: gzip, Zstandard, a zip, protobuf, standard input, streams, wide text."""

import builtins
import gzip
import io
import json
import re
import sys
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consilience.errors import BadInput
from consilience.extras import install_command
from consilience.traces.detection import read_trace
from consilience.traces.protobuf_frames import frames, is_protobuf

DATA = Path(__file__).parent / "data"


def zstandard(data):
    return pa.compress(data, codec="zstd", asbytes=True)


def content(path):
    read = read_trace(path)
    return read.format.name, read.reading.as_json()


@pytest.mark.parametrize(
    "name", ["otlp_lines.jsonl", "jaeger.json", "scores.csv", "event_stream.txt"]
)
def test_a_file_packed_with_zstandard_is_the_same(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(zstandard((DATA / name).read_bytes()))
    assert content(path) == content(DATA / name)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadInput, match="damaged packed file"):
        read_trace(path)


def zip_with_zstandard(path, members, spoil=None):
    """Write a zip whose members are packed with method 93, which `zipfile` knows from 3.14 on."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, zstandard(text.encode()))
    data = bytearray(path.read_bytes())
    for name, text in members.items():
        size, crc = len(text.encode()), zlib.crc32(text.encode())
        for signature, method, at in ((b"PK\x03\x04", 8, 30), (b"PK\x01\x02", 10, 46)):
            place = data.find(name.encode()) - at
            while data[place : place + 4] != signature:
                place = data.find(name.encode(), place + at + 1) - at
            data[place + method : place + method + 2] = (93).to_bytes(2, "little")
            data[place + method + 6 : place + method + 10] = crc.to_bytes(4, "little")
            data[place + method + 14 : place + method + 18] = size.to_bytes(4, "little")
    if spoil is not None:
        spoil(data)
    path.write_bytes(data)


def test_an_archive_of_inspect_packed_with_zstandard(tmp_path):
    log = json.loads((DATA / "inspect.json").read_text())
    members = {
        f"samples/{sample['id']}_epoch_{sample['epoch']}.json": json.dumps(sample)
        for sample in log["samples"]
    }
    path = tmp_path / "log.eval"
    zip_with_zstandard(path, members | {"header.json": "{}"})
    assert content(path) == content(DATA / "inspect.json")

    def crc(data):
        data[data.find(b"PK\x01\x02") + 16] ^= 1

    def payload(data):
        data[data.find(b"PK\x03\x04") + 30 + len(next(iter(members)))] ^= 1

    for spoil in (crc, payload):
        zip_with_zstandard(path, members, spoil)
        with pytest.raises(BadInput, match=r"is damaged .*inspect log convert"):
            read_trace(path)


def test_standard_input_is_a_file(monkeypatch):
    data = gzip.compress((DATA / "otlp_nested.json").read_bytes())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert content(Path("-")) == content(DATA / "otlp_nested.json")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(BadInput, match="-: is empty"):
        read_trace(Path("-"))


def test_a_document_in_a_string_is_read(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps((DATA / "atif.json").read_text()))
    assert content(path) == content(DATA / "atif.json")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_wide_text_is_refused(encoding, tmp_path):
    path = tmp_path / "x"
    path.write_bytes((DATA / "atif.json").read_text().encode(encoding))
    with pytest.raises(BadInput, match="save it as UTF-8"):
        read_trace(path)


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(b'[{"role": "user", "content": "caf\xe9"}]')
    assert "no UTF-8" in read_trace(path).reading.warnings[0]


def message(field, data):
    """Return a field of protobuf with a length."""
    return bytes([field << 3 | 2, *([len(data)] if len(data) < 128 else
                  [len(data) & 127 | 128, len(data) >> 7])]) + data  # fmt: skip


def span(trace, identity, name, start, end=None, error=False, **attributes):
    """Return a span of OTLP, field by field as its definition numbers them."""
    data = message(1, trace) + message(2, identity) + message(5, name.encode())
    data += bytes([7 << 3 | 1]) + start.to_bytes(8, "little")
    data += bytes([8 << 3 | 1]) + end.to_bytes(8, "little") if end else b""
    for key, value in attributes.items():
        told = message(1, key.replace("_", ".").encode()) + message(2, message(1, value.encode()))
        data += message(9, told)
    return data + (message(15, b"\x18\x02") if error else b"")


def request(*spans):
    return message(1, message(1, b"") + message(2, b"".join(message(2, one) for one in spans)))


TRACE, ONE, TWO = b"t" * 16, b"1" * 8, b"2" * 8


def test_protobuf_written_by_hand_is_read(tmp_path):
    path = tmp_path / "spans.pb"
    one = span(TRACE, TWO, "execute_tool g", 9, None, session_id="s")
    two = span(TRACE, ONE, "execute_tool f", 7, 8, error=True)
    path.write_bytes(request(one, two))
    name, given = content(path)
    assert name == "otlp-protobuf" and [one["conversation"] for one in given["sequences"]] == ["s"]
    keys = ("tool", "error", "has_result", "time")
    assert [tuple(call[key] for key in keys) for call in given["sequences"][0]["calls"]] == [
        ("f", True, True, "7"),
        ("g", None, False, "9"),
    ]
    other = tmp_path / "framed.pb.gz"
    other.write_bytes(gzip.compress(b"".join(
        len(data).to_bytes(4, "big") + data for data in (request(two), request(one), request(two))
    )))  # fmt: skip
    assert content(other) == (name, given)


def test_protobuf_that_is_damaged_or_has_no_spans_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "spans.pb"
    path.write_bytes(request(span(b"short", ONE, "x", 1)))
    with pytest.raises(BadInput, match="without spans; export traces"):
        read_trace(path)
    path.write_bytes(message(1, message(2, b"\xff\xff\xff")))
    with pytest.raises(BadInput, match="damaged protobuf"):
        read_trace(path)
    path.write_bytes(request(span(TRACE, ONE, "x", 1))[:-1])
    with pytest.raises(BadInput, match="no UTF-8 text"):
        read_trace(path)
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest)

    path.write_bytes(request(span(TRACE, ONE, "x", 1)))
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadInput, match=re.escape(install_command("traces"))):
        read_trace(path)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_frames_are_taken_apart_as_they_were_put_together(data):
    whole = message(1, message(1, data))
    assert is_protobuf(whole[:5], io.BytesIO(whole)) and list(frames(whole, io.BytesIO(whole))) == [
        whole
    ]
    framed = (len(whole).to_bytes(4, "big") + whole) * 2
    assert (
        is_protobuf(framed[:5], io.BytesIO(framed))
        and list(frames(framed, io.BytesIO(framed))) == [whole] * 2
    )
    for field, known in ((1, True), (2, True), (3, True), (4, False)):
        other = message(1, message(field, data))
        assert is_protobuf(other[:5], io.BytesIO(other)) is known
    for broken in (whole[:-1], framed[:-1], whole + b"\n", framed + b"\0"):
        assert not is_protobuf(broken[:5], io.BytesIO(broken))
    text = b"\n\n" + data[:50].replace(b"\n", b" ")
    assert not is_protobuf(text[:5], io.BytesIO(text))
