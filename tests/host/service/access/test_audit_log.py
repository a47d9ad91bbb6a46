"""The log of changes: lines that follow from each other, whole after a crash, without secrets."""

import json
import multiprocessing

import pytest

from consilience.errors import BadInput
from consilience.link.token_proof import Token
from consilience.service.access.audit_log import AuditLog, read_changes


def test_lines_in_order(audit, tmp_path):
    assert [audit.record("me", "did", number=n, list=[None, True]) for n in range(3)] == [1, 2, 3]
    lines = list(read_changes(tmp_path / "changes.jsonl"))
    assert [line["what"] for line in lines] == [
        {"number": n, "list": [None, True]} for n in range(3)
    ]


def test_no_secret_comes_in(audit, tmp_path):
    token = Token.drawn()
    audit.record(
        token.text, token.text, **{token.text: [{"a": token.text}], "b": "password=abc123"}
    )
    audit.record("me", "did", much="x" * 100_000)
    text = (tmp_path / "changes.jsonl").read_text()
    assert token.secret.hex() not in text and "abc123" not in text
    assert max(map(len, text.splitlines())) < 1 << 14
    assert len(list(read_changes(tmp_path / "changes.jsonl"))) == 2


@pytest.mark.parametrize("change", ["altered", "removed", "doubled", "swapped"])
def test_a_change_of_the_file_is_seen(audit, tmp_path, change):
    for n in range(4):
        audit.record("me", "did", n=n)
    path = tmp_path / "changes.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "altered":
        lines[1] = lines[1].replace(b"did", b"DID")
    elif change == "removed":
        del lines[1]
    elif change == "doubled":
        lines.insert(1, lines[1])
    else:
        lines[1:3] = lines[2:0:-1]
    path.write_bytes(b"".join(lines))
    with pytest.raises(BadInput, match="does not follow"):
        list(read_changes(path))


def test_a_line_that_a_crash_has_cut(audit, tmp_path):
    audit.record("me", "first")
    path = tmp_path / "changes.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:50])
    assert len(list(read_changes(path))) == 1
    assert audit.record("me", "second") == 2
    assert [one["did"] for one in read_changes(path)] == ["first", "second"]
    path.write_bytes(b"something else\n")
    with pytest.raises(BadInput, match="move the file away"):
        audit.record("me", "third")


def _record(path, count):
    with AuditLog(path) as log:
        for n in range(count):
            log.record("me", "did", n=n)


def test_several_processes(tmp_path):
    path = tmp_path / "changes.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_record, args=(path, 20)) for _ in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    lines = list(read_changes(path))
    assert len(lines) == 60
    assert json.dumps(lines[0])[0] == "{"
