"""Packages: the same bytes each time, verified by a program that shares nothing with them."""

import ast
import importlib.util
import json
import sys
from decimal import Decimal, getcontext
from fractions import Fraction
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import consilience
from consilience.audit.checkpoint import NoteKey
from consilience.errors import BadInput
from consilience.monitor.rank_terms import count_term, rank_term
from tests.campaigns.forgeries.honest import ORIGIN, key_of, sessions, watch, write
from tests.campaigns.forgeries.verifier import VERIFY, verify

KEY = NoteKey(ORIGIN, key_of(1).public)


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def verifier():
    """Return verify.py, in this process."""
    spec = importlib.util.spec_from_file_location("verify", VERIFY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
        assert f"\nsession {one.name!r}: recomputed " in said
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
        "<tr><td>session &#x27;restart&#x27;<td>guaranteed<td>if a good agent&#x27;s scores are",
        ": no drift, no batches, none like the one before it; 200 observations or more to a false",
        "<td>agents that alarmed<td>&#x27;a1&#x27; first at run &#x27;",
        "<td>restart, latch, conformal, 5 enrolled, scores floor(65536 x): high is suspect, kappa",
        "63 of 214 observations, 3 agents; if all behave, at most 63 / 200 first false alarms are",
        "<td>date, inputs<td>asserted, not recomputed:<td>1790000000 s",
        "from each renewal to the next: at most 0 of an agent come before its first alarm, for",
        "<td>runs alarmed alone<td>&#x27;a1&#x27; 5", "<td>named by readings<td>&#x27;a1&#x27; 1",
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
    path.write_text(json.dumps({**alone, "note": "agent-3 was guilty, too"}))
    assert "has ['note'] too many" in verify(path, "--key", KEY.text)[2]
    path.write_text(json.dumps({**alone, "record": alarm["record"].replace("a1", "a2")}))
    assert "does not lead to the root" in verify(path, "--key", KEY.text)[2]


def test_a_log_that_has_grown_is_consistent_with_its_earlier_checkpoint(tmp_path):
    first, second = (
        watch(name, [b"agent,run,x1", *(f"q,{n},0.5".encode() for n in range(9))], asserted=1,
              false_alarms_per_day="1", agents=20, runs_per_day="5")
        for name in ("first", "second")
    )  # fmt: skip
    write(tmp_path / "old", [first])
    old = (tmp_path / "old" / "checkpoint").read_text()
    write(tmp_path / "new", [first, second], previous=[old])
    earlier = tmp_path / "old" / "checkpoint"
    code, said, _ = verify(tmp_path / "new", "--key", KEY.text, "--checkpoint", earlier)
    assert code == 0
    assert "are unchanged since" in said
    assert "1 false alarms a day, 5 runs a day each; 100 observations or more" in said
    refused = verify(tmp_path / "old", "--key", KEY.text, "--checkpoint",
                     tmp_path / "new" / "checkpoint")[2]  # fmt: skip
    assert "rolled back" in refused
    with pytest.raises(BadInput, match="not the beginning of this log"):
        write(tmp_path / "forked", [second], previous=[old])


def test_renewals_before_a_first_alarm_are_counted(tmp_path):
    """Of 60 agents that behave, recalibrated eight times each, 34 alarmed at 1/4."""
    lines = [b"agent,run,x1,event", *(f"q,{n},0.5,".encode() for n in range(3))]
    renewed = [*lines, b"q,,,recalibrate", b"q,3,9.0,", b"q,,,acknowledge", b"q,,,recalibrate"]
    one = watch("one", renewed, asserted=1, mode="once", false_alarm="1/9")
    write(tmp_path / "one", [one])
    said = verify(tmp_path / "one", "--key", KEY.text)[1]
    assert "at most 1 of an agent come before its first alarm, for which it is 2/9, if" in said
    assert "at most 2 / 9 first false alarms are expected" in said


def test_what_is_in_the_way_is_refused(package, tmp_path):
    with pytest.raises(BadInput, match="not empty"):
        write(package)
    session = watch("one", [b"agent,run,x1", b"q,1,0.5"], arl="99", asserted=1)
    with pytest.raises(BadInput, match="twice"):
        write(tmp_path / "a", [session, session])
    with pytest.raises(BadInput, match="calls its own rows so"):
        write(tmp_path / "a", [watch("documents", [b"agent,run,x1", b"q,1,0.5"], arl="9",
                                     asserted=1)])  # fmt: skip
    with pytest.raises(BadInput, match="has its own"):
        write(tmp_path / "a", [session], documents={"verify.py": b""})


def test_nothing_of_a_private_key_is_shown(verifier, tmp_path, capsys, monkeypatch):
    secret = key_of(1).private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path, body = tmp_path / "audit.key", secret.decode().split("\n")[1]
    path.write_bytes(secret)
    for given in (path, secret.decode(), body, f"{ORIGIN}+00000000+{body}", f"a+b+{body[:-1]}"):
        monkeypatch.setattr(sys, "argv", ["verify.py", str(tmp_path), "--key", str(given)])
        with pytest.raises(SystemExit, match="2"):
            verifier.main()
        with pytest.raises(BadInput) as told:
            NoteKey.of_text(path.read_text() if given == path else given)
        said = capsys.readouterr().err + str(told.value)
        assert "is the PRIVATE key" in said or "is no key" in said
        assert not any(body[at : at + 6] in said for at in range(len(body) - 6))


def test_what_is_not_there_is_a_mistake_of_the_command(verifier, package, capsys, monkeypatch):
    for words, said in (
        (["nothing"], "nothing: there is no such file or folder"),
        ([str(package), "--checkpoint", "gone"], "gone: there is no such file"),
        ([str(package), "--key", "keys/nope.pub"], "'keys/nope.pub' is no key, neither a file nor"),
    ):
        monkeypatch.setattr(sys, "argv", ["verify.py", *words])
        with pytest.raises(SystemExit, match="2"):
            verifier.main()
        assert said in capsys.readouterr().err


def test_increments_are_those_that_the_page_says_also_above_rank_4096(verifier):
    """docs/audit.md, "Rank", in decimals: what an own verifier would do."""
    getcontext().prec = 40
    two = Decimal(2).ln()
    for a, b in ((1, 2), (1, 1), (3, 3)):
        k = Decimal(a) / 2**b
        for j in (1, 2, 4095, 4096, 4097, 9000):
            exact = Decimal(j) ** k - (Decimal(j - 1) ** k if j > 1 else 0)
            taken = exact if j <= 4096 else k * Decimal(j) ** (k - 1)
            assert taken <= exact
            code = int((65536 * taken.ln() / two).to_integral_value("ROUND_FLOOR"))
            kappa = Fraction(a, 1 << b)
            assert code == verifier.rank_term(j, a, b) == rank_term(j, kappa)
        many = int((65536 * (1 - k) * Decimal(9000).ln() / two).to_integral_value("ROUND_FLOOR"))
        assert many == count_term(9000, Fraction(a, 1 << b))


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
    known = [
        "argparse",
        "array",
        "base64",
        "bisect",
        "collections",
        "decimal",
        "fractions",
        "hashlib",
    ]
    known += ["html", "json", "math", "os", "pathlib", "re", "struct", "sys"]
    assert names <= {*known}
    host = Path(consilience.__file__).parent
    users = [one for one in host.rglob("*.py") if "consilience.audit.verify" in set(imports(one))]
    assert users == []
