"""Ten wrong files of every format: refused in a line that names the cure, or read with a warning.

A file that is read without a warning must still say what the right one says.
"""

import functools
import json
from pathlib import Path

import pytest

from consilience.cli.app import main
from consilience.errors import ConsilienceError
from consilience.traces.detection import FORMATS, read_trace
from consilience.traces.otlp_protobuf import OTLP_PROTOBUF

DATA = Path(__file__).parent / "data"
FILES = sorted(path for path in DATA.iterdir() if not path.name.endswith(".expected.json"))


@functools.cache
def one_of_each():
    """Return a file of each format: the first by name."""
    found = {}
    for file in FILES:
        found.setdefault(read_trace(file).format.name, file)
    return found


def documents(text):
    """Return the JSON values in a text; None if it is no JSON."""
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except json.JSONDecodeError:
        return None


def replaced(value, leaf, key=None):
    """Return the value with every leaf put through a function of key and leaf."""
    if isinstance(value, dict):
        return {name: replaced(held, leaf, name) for name, held in value.items()}
    if isinstance(value, list):
        return [replaced(held, leaf, key) for held in value]
    return leaf(key, value)


def leaves(leaf):
    """Return a damage of every leaf of JSON, or of every word of other text."""

    def damage(text):
        values = documents(text)
        if values is None:
            lines = text.splitlines()
            return "\n".join([lines[0], *(str(leaf("", line)) for line in lines[1:])])
        return "\n".join(json.dumps(replaced(value, leaf)) for value in values)

    return damage


def is_time(key):
    return isinstance(key, str) and any(
        word in key.lower() for word in ("time", "start", "created")
    )


def doubled(text):
    """Return JSON in which every key comes twice, first with null; nothing else changes."""
    values = documents(text)
    if values is None:
        return text

    def written(value):
        if isinstance(value, dict):
            pairs = (f"{json.dumps(key)}: null, {json.dumps(key)}: {written(held)}"
                     for key, held in value.items())  # fmt: skip
            return "{" + ", ".join(pairs) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(written, value)) + "]"
        return json.dumps(value)

    return "\n".join(map(written, values))


WRONG = {
    "empty": lambda text: "",
    "blank": lambda text: " \n\n",
    "cut": lambda text: text[: len(text) // 2],
    "UTF-16": lambda text: text.encode("utf-16"),
    "bytes": lambda text: bytes(range(256)) * 4,
    "nested": lambda text: "[" * 100_000 + text,
    "nothing in it": lambda text: "[]",
    "another's": lambda text: "<html><body>not found</body></html>",
    "null": leaves(lambda key, leaf: None),
    "texts for numbers": leaves(lambda key, leaf: leaf if isinstance(leaf, str) else "many"),
    "numbers for texts": leaves(lambda key, leaf: 7 if isinstance(leaf, str) else leaf),
    "lists for all": leaves(lambda key, leaf: [leaf]),
    "no times": leaves(lambda key, leaf: float("nan") if is_time(key) else leaf),
    "huge": leaves(lambda key, leaf: leaf if isinstance(leaf, str) else 10**400),
    "keys twice": doubled,
}
REFUSED = {"empty", "blank", "UTF-16", "bytes", "nothing in it", "another's"}
ENDLESS = {"calls", "scores", "metrics-csv", "prometheus-text"}
"""Lines of text without an end: a row less is a file, too."""


def names(reading):
    return [[step.name for step in sequence.steps] for sequence in reading.sequences]


@pytest.mark.parametrize("name", sorted(one.name for one in FORMATS if one is not OTLP_PROTOBUF))
def test_wrong_files_are_refused_or_told(name, tmp_path):
    file = one_of_each()[name]
    right = read_trace(file).reading
    path = tmp_path / file.name
    for what, damage in WRONG.items():
        wrong = damage(file.read_text())
        path.write_bytes(wrong if isinstance(wrong, bytes) else wrong.encode())
        try:
            reading = read_trace(path).reading
        except ConsilienceError as refusal:
            told = str(refusal)
            assert "\n" not in told and ";" in told, f"{what}: {told}"
            continue
        assert what not in REFUSED, f"{what} was read as {reading}"
        json.dumps(reading.as_json(), allow_nan=True)
        if what != "cut" or name not in ENDLESS:
            assert reading.warnings or names(reading) == names(right), what


@pytest.mark.parametrize("row", ["r1,a", "r1,a,1,0.5,9"])
def test_a_row_that_is_cut_is_refused(row, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(f"run,agent,step,score\nr1,a,0,0.25\n{row}\n")
    with pytest.raises(ConsilienceError, match="line 3 has more or fewer cells"):
        read_trace(path)


def test_every_format_is_tried_with_ten_or_more():
    assert set(one_of_each()) == {one.name for one in FORMATS} - {OTLP_PROTOBUF.name}
    assert len(WRONG) >= 10


@pytest.mark.parametrize("what", sorted({*REFUSED, "nested", "cut"}))
def test_the_command_tells_it_in_a_line(what, tmp_path, capsys):
    path = tmp_path / "x.json"
    wrong = WRONG[what](one_of_each()["atif"].read_text())
    path.write_bytes(wrong if isinstance(wrong, bytes) else wrong.encode())
    assert main(["traces", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and err.startswith("error: ") and ";" in err
