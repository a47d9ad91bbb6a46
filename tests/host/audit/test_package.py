"""Packages: the same bytes each time, verified by a program that shares nothing with them."""

import ast
import json
from pathlib import Path

import pytest

import consilience
from consilience.audit.checkpoint import NoteKey
from consilience.errors import BadInput
from tests.campaigns.forgeries.honest import ORIGIN, key_of, sessions, watch, write
from tests.campaigns.forgeries.verifier import VERIFY, verify

KEY = NoteKey(ORIGIN, key_of(1).public)


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit") / "package"
    write(folder)
    return folder


def test_an_honest_package_is_verified_by_a_key_in_a_file(package, tmp_path):
    (tmp_path / "key").write_text(KEY.text + "\n")
    code, said, refused = verify(package, "--key", tmp_path / "key")
    assert (code, refused) == (0, "")
    assert said.endswith("verified\n")
    for one in sessions():
        assert f"\n{one.name}: recomputed " in said
    assert "asserted, not recomputed: claims.html, claims.json, environment.json" in said
    assert "NOT the increments" in said


def test_all_bytes_but_the_measured_are_the_same_again(package, tmp_path):
    write(tmp_path / "again", measured={"seconds": 2.5})
    one, other = contents(package), contents(tmp_path / "again")
    assert one.pop("measured.json") != other.pop("measured.json")
    assert one == other
    assert one["verify.py"] == VERIFY.read_bytes()


def test_without_a_key_nothing_is_trusted(package):
    code, said, refused = verify(package)
    assert code == 8
    assert "UNKNOWN" in refused
    assert "verified" not in said


def test_the_page_says_what_was_found_and_each_guarantee_with_its_bound(package):
    page = (package / "index.html").read_text()
    for words in (
        "<tr><td>restart<td>guaranteed<td>200 observations or more to a false alarm of an agent",
        "<tr><td>restart<td>agents that alarmed<td>&#x27;a1&#x27;",
        "NOT the increments", "0.5085 ulp", "of n observations at most n / A",
        "<td>asserted, not recomputed:<td>claims.html, claims.json, environment.json",
    ):  # fmt: skip
        assert words in page
    assert "digest" in (package / "claims.html").read_text()


def test_a_proof_of_one_alarm_stands_by_itself(package, tmp_path):
    proofs = json.loads((package / "proofs.json").read_text())["inclusion"]
    alarm = next(one for one in proofs if one["record"].startswith('["alarm"'))
    alone = {**alarm, "checkpoint": (package / "checkpoint").read_text()}
    path = tmp_path / "alarm.json"
    path.write_text(json.dumps(alone))
    code, said, _ = verify(path, "--key", KEY.text)
    assert code == 0
    assert alarm["record"] in said
    path.write_text(json.dumps({**alone, "record": alarm["record"].replace("a1", "a2")}))
    assert "does not lead to the root" in verify(path, "--key", KEY.text)[2]


def test_a_log_that_has_grown_is_consistent_with_its_earlier_checkpoint(tmp_path):
    first, second = (
        watch(name, [b"agent,run,x1", *(f"q,{n},0.5".encode() for n in range(9))], arl="99",
              asserted=1)
        for name in ("first", "second")
    )  # fmt: skip
    write(tmp_path / "old", [first])
    old = (tmp_path / "old" / "checkpoint").read_text()
    write(tmp_path / "new", [first, second], previous=[old])
    earlier = tmp_path / "old" / "checkpoint"
    code, said, _ = verify(tmp_path / "new", "--key", KEY.text, "--checkpoint", earlier)
    assert code == 0
    assert "are unchanged since" in said
    refused = verify(tmp_path / "old", "--key", KEY.text, "--checkpoint",
                     tmp_path / "new" / "checkpoint")[2]  # fmt: skip
    assert "rolled back" in refused
    with pytest.raises(BadInput, match="not the beginning of this log"):
        write(tmp_path / "forked", [second], previous=[old])


def test_what_is_in_the_way_is_refused(package, tmp_path):
    with pytest.raises(BadInput, match="not empty"):
        write(package)
    session = watch("one", [b"agent,run,x1", b"q,1,0.5"], arl="99", asserted=1)
    with pytest.raises(BadInput, match="twice"):
        write(tmp_path / "a", [session, session])
    with pytest.raises(BadInput, match="has its own"):
        write(tmp_path / "a", [session], documents={"verify.py": b""})


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_verifier_shares_nothing_with_what_it_judges():
    lines = VERIFY.read_text().splitlines()
    assert len(lines) <= 600
    assert max(map(len, lines)) <= 120
    names = {name.partition(".")[0] for name in imports(VERIFY)}
    assert names <= {"argparse", "array", "base64", "bisect", "collections", "decimal", "fractions",
                     "hashlib", "html", "json", "math", "os", "re", "struct", "sys"}  # fmt: skip
    host = Path(consilience.__file__).parent
    users = [one for one in host.rglob("*.py") if "consilience.audit.verify" in set(imports(one))]
    assert users == []
