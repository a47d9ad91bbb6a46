"""Files with values of a wrong type, or bytes missing: read or refused, never a crash."""

import copy
import json
import random
from pathlib import Path

import pytest

from consilience.errors import ConsilienceError
from consilience.traces.detection import read_trace

DATA = Path(__file__).parent / "data"
FILES = sorted(path for path in DATA.iterdir() if not path.name.endswith(".expected.json"))
WRONG = [None, 0, -1, 1.5, "", [], {}, True, "x", [None], {"a": 1}, 10**30, float("nan"),
         float("inf")]  # fmt: skip


def places(value, found):
    for key in value if isinstance(value, dict) else range(len(value)):
        found.append((value, key))
        if isinstance(value[key], dict | list):
            places(value[key], found)
    return found


def damaged(text, chance):
    """Return the text with wrong values, or where it is no JSON, with wrong bytes."""
    try:
        values = [json.loads(line) for line in text.splitlines() if line.strip()]
    except json.JSONDecodeError:
        try:
            values = [json.loads(text)]
        except json.JSONDecodeError:
            data = bytearray(text.encode())
            for _ in range(chance.choice([1, 8])):
                data[chance.randrange(len(data))] = chance.randrange(256)
            return bytes(data[: chance.choice([len(data), chance.randrange(len(data))])])
    for _ in range(chance.choice([1, 3, 12])):
        holder, key = chance.choice(places(values, []))
        holder[key] = copy.deepcopy(chance.choice(WRONG))
    return "\n".join(map(json.dumps, values)).encode()


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_a_damaged_file_is_read_or_refused(file, tmp_path):
    chance = random.Random(file.name)
    path, text = tmp_path / file.name, file.read_text()
    for _ in range(40):
        path.write_bytes(damaged(text, chance))
        try:
            read = read_trace(path)
        except ConsilienceError as refusal:
            assert "\n" not in str(refusal)
        else:
            json.dumps(read.as_json(file.name), allow_nan=False)
