"""Inputs that ended in a traceback, in wrong words, or half done: one line with a cure, no file."""

import io
import re
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.cli.app import main

GOOD = b"agent,a,b\n1,-1,-2\n2,-3,-1\n"
RULE = (
    b"enrolled = [3, 4]\nchanges_per_s = 2\nclip = 1280\ngrace_ms = 100\nhalf_life_ms = 200\n"
    b"max_age_ms = 900\nfaulty = 2\n"
)
TWO = {"a": [-1.0, -2.0], "b": [-2.0, -1.0]}


def npz(**columns):
    file = io.BytesIO()
    np.savez(file, **columns)
    return file.getvalue()


def parquet(**columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def encrypted():
    """An archive that says of its members that they are encrypted."""
    data = bytearray(npz(agent=[1, 2], **TWO))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        for found in re.finditer(re.escape(mark), bytes(data)):
            data[found.start() + place] |= 1
    return bytes(data)


def no_archive():
    file = io.BytesIO()
    zipfile.ZipFile(file, "w").close()
    return file.getvalue()


FUSE = {
    "longdouble": ("e.npz", npz(agent=[1, 2], **TWO | {"a": np.array([-1, -2], np.longdouble)})),
    "dates": ("e.npz", npz(agent=np.array(["2020-01-01"] * 2, "M8[D]"), **TWO)),
    "bytes": ("e.npz", npz(agent=np.array([b"x", b"y"]), **TWO)),
    "booleans": ("e.npz", npz(agent=[True, False], **TWO)),
    "encrypted": ("e.npz", encrypted()),
    "no arrays": ("e.npz", no_archive()),
    "no rows": ("e.npz", npz(agent=np.zeros(0, int), a=np.zeros(0), b=np.zeros(0))),
    "structs": ("e.parquet", parquet(agent=[1, 2], a=[{"x": 1.0}] * 2, b=[-1.0, -2.0])),
    "binary ids": ("e.parquet", parquet(agent=[b"x", b"y"], **TWO)),
    "encrypted pages": ("e.parquet", b"PARE" + bytes(40) + b"PARE"),
    "a workbook": ("e.csv", b"PK\3\4\x14\0\6\0\x08\0\0\0!\0" + bytes(range(256))),
    "compressed": ("e.csv", b"\x1f\x8b\x08\0" + bytes(range(256))),
    "only a quote": ("e.csv", b'"'),
    "unclosed quote": ("e.csv", b'agent,a,b\n"1,-1,-2\n2,-1,-3\n'),
    "a zero in the header": ("e.csv", b"ag\0ent,a,b\n1,-1,-2\n"),
    "decimal commas": ("e.csv", b'agent,a,b\n1,"-1,5","-2,5"\n'),
    "many digits": ("e.csv", b"agent,a,b\n" + b"9" * 5000 + b",-1,-2\n"),
    "a comment": ("e.csv", b"# note\nagent,a,b\n1,-1,-2\n"),
    "JSON": ("e.csv", b'[{"agent":1,"a":-1,"b":-2}]'),
    "two equal columns": ("e.csv", b"agent" + b",c" * 2 + b"\n1,-1,-2\n"),
}
WORDS = {
    "longdouble": "has dtype float128; save numbers of 64 bits or less",
    "dates": "has dtype datetime64[D]; save numbers",
    "bytes": "has dtype |S1; save numbers",
    "booleans": "holds bool; agent ids are integers or text",
    "encrypted": "is encrypted",
    "no arrays": "no column 'agent' (--agent-column); there are no columns",
    "no rows": "the file has no rows; write at least one",
    "structs": "not numbers; convert it",
    "binary ids": "holds binary; agent ids are integers or text, convert",
    "encrypted pages": "not a whole Parquet file",
    "a workbook": "is no text; save it as CSV, UTF-8, with commas",
    "compressed": "is no text; save it as CSV",
    "only a quote": "no column 'agent'",
    "unclosed quote": "row 1 (line 3): 1 cells where the header has 3; add",
    "a zero in the header": "is no text; save it as CSV",
    "decimal commas": "'-1,5' is not a number; correct it",
    "many digits": "wider than 64 bits; pass --agent-type string",
    "a comment": "no column 'agent' (--agent-column); the columns are # note",
    "JSON": "no column 'agent'",
    "two equal columns": "two columns are named 'c'; rename one",
}
DEVICES = {
    "socket://" + "x" * 300 + ":1": "no name of a machine",
    "socket://a..b:1": "no name of a machine",
    "socket://[::1": "not a device URL (Invalid IPv6 URL); give cpu",
    "sim?waves=%00": "is no option of sim; give numbers",
    "serial:///dev/null?baud=" + "9" * 20: "options are baud=RATE",
    "serial:///dev/null?timeout=nan": "options are baud=RATE",
    "": "not a device URL; give cpu",
}
PRIORS = {
    "1_0,1": "'1_0'; give a probability",
    "1e-300,1e308": "1e-300 of 1e+308, below the smallest number; give 0 if it is impossible",
    ",": "give a probability",
    "a=,b=1": "give a probability",
    "1e308,1e308": "cannot be normalised; give probabilities",
}
NODE = ("node", "e.csv", "--shard", "1/1", "--volatile")
LATE = ("watch", "--until-complete", "--timeout", "0", "--nats")
READ = ("read-node", "r.toml", "--shard", "1/2", "--log")
NATS = "is not a NATS address; give it as nats://HOST:4222"
OTHERS = [
    (("node", "e.csv", "--shard", "1/" + "9" * 5000, "--volatile"), "is no K/N"),
    (("node", "e.csv", "--shard", "\u0661/\u0662", "--volatile"), "is no K/N"),
    ((*NODE, "--epoch", str(2**64)), "--epoch"),
    ((*NODE, "--nats", "http://127.0.0.1:9"), NATS),
    ((*NODE, "--nats", ""), NATS),
    ((*NODE, "--nats", "nats://127.0.0.1:99999"), NATS),
    ((*NODE, "--hypotheses", "a,b,"), "no column '' (--hypotheses); the columns are agent, a, b"),
    (("node", "rows.csv", *NODE[2:]), "'rows' is taken by the output's own columns"),
    (("node", "many.csv", *NODE[2:]), "17 hypotheses, but cpu takes at most 16; choose fewer"),
    (("watch", "--epoch", str(2**64)), "--epoch"),
    ((*LATE, "::::"), NATS),
    ((*LATE, "nats://[::1"), NATS),
    (("keys", "agent-1", "bob"), "use agent-N, replica-N"),
    (("keys", "agent-1", "agent-1"), "is given twice; give it once"),
    (("keys", f"agent-{2**64}"), "N a number below 2**64"),
    (("keys", "agent-" + "9" * 5000), "N a number below 2**64"),
    (("keys", "agent-\u0661"), "use agent-N, replica-N"),
    (("replay", "e.csv", "--out", "r"), "no traces (not an NPZ archive); write the arrays of"),
    (("replay", "cut.npz", "--out", "r"), "no traces (not an NPZ archive); write the arrays of"),
    (("replay", "one.npy", "--out", "r"), "no traces (not an NPZ archive); write the arrays of"),
    (("replay", "two.npz", "--out", "r"), "no traces ('label_names is not a file"),
    (("replay", "--rate", "nan", "--out", "r"), "--rate"),
    (("status", "--device", "sim?hypotheses=99"), "hypotheses must be in 2..16"),
    (("status", "--device", "sim?waves=."), "exists already; remove it or choose another file"),
    (("serve", "--host", "a..b", "--port", "0"), "no address of this machine"),
    (("serve", "--host", "x" * 300, "--port", "0"), "choose another --host"),
    (("serve", "--host", "192.0.2.1", "--port", "0"), "listen on 127.0.0.1"),
    ((*READ, "l" * 120), "too long for a socket; choose a shorter --log"),
    ((*READ, "log", "--nats", "::::"), NATS),
    ((*READ, "log", "--nats", "nats://[::1"), NATS),
    (("read-node", "utf16.toml", *READ[2:], "log"), "utf16.toml: no rule in TOML, UTF-8"),
    (("read-node", "huge.toml", *READ[2:], "log"), "huge.toml: grace_ms must be in"),
    (("benchmark", "--timing", "e.csv", "--out", "r"), "e.csv: is no folder; name that of"),
]


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Runs a command that is refused: exit 2, one line, which is returned, and no new file."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        before = sorted(tmp_path.rglob("*"))
        assert main(list(words)) == 2
        assert sorted(tmp_path.rglob("*")) == before
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = [line for line in captured.err.splitlines() if line.startswith("error: ")]
        return line

    return run


@pytest.mark.parametrize("case", FUSE)
def test_odd_evidence_led_astray(tmp_path, refused, case):
    name, data = FUSE[case]
    (tmp_path / name).write_bytes(data)
    assert WORDS[case] in refused("fuse", name, "--out", "o.csv")
    assert WORDS[case] in refused("explain", name, "--out", "why.html", "--agent", "1")
    # With reporters it is read by the same code: what fails before has the same words.
    words = ("fuse", name, "--out", "o.csv", "--faulty", "0", "--reporter-column", "a")
    assert refused(*words).startswith("error: ")


@pytest.mark.parametrize("url", DEVICES, ids=range(len(DEVICES)))
def test_odd_devices_were_tracebacks(refused, url):
    assert DEVICES[url] in refused("status", "--device", url)


@pytest.mark.parametrize("prior", PRIORS)
def test_odd_priors_were_other_numbers(tmp_path, refused, prior):
    (tmp_path / "e.csv").write_bytes(GOOD)
    assert PRIORS[prior] in refused("fuse", "e.csv", "--out", "o.csv", "--prior", prior)


@pytest.mark.parametrize(("words", "message"), OTHERS, ids=range(len(OTHERS)))
def test_odd_words_were_tracebacks_or_half_done(tmp_path, refused, words, message):
    names = b",".join(b"c%d" % number for number in range(17))
    files = {
        "e.csv": GOOD,
        "rows.csv": b"agent,rows,b\n1,-1,-2\n",
        "many.csv": b"agent," + names + b"\n1" + b",-1" * 17 + b"\n",
        "cut.npz": b"PK\3\4cut",
        "two.npz": npz(a=[1]),
        "r.toml": RULE,
        "utf16.toml": RULE.decode().encode("utf-16"),
        "huge.toml": RULE.replace(b"grace_ms = 100", b"grace_ms = " + b"9" * 30),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    np.save(tmp_path / "one.npy", np.zeros(3))
    assert message in refused(*words)


@pytest.mark.parametrize("number", [b"99999999999999999999", b"18446744073709551615", b"-5", b"x"])
def test_an_incarnation_that_is_none_was_a_traceback(tmp_path, refused, number):
    (tmp_path / "e.csv").write_bytes(GOOD)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "incarnation").write_bytes(number)
    (tmp_path / "log" / "frames").touch()
    line = refused("node", "e.csv", "--shard", "1/1", "--log", "log")
    assert "log/incarnation: holds no number; restore it, or start anew with another --log" in line
