"""Bodies, right, nearly right and absurd."""

import json
import random
from typing import TYPE_CHECKING, Any

from tests.campaigns.service_fuzz.spans import deep_spans, spans

if TYPE_CHECKING:
    from tests.campaigns.service_fuzz.attempts import Secrets

__all__ = ["body"]

_TYPES = (
    "application/json", "application/json", "application/json; charset=utf-8",
    "application/x-ndjson", "application/x-protobuf", "text/plain", "text/html",
    "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/xml",
    "*/*", "", "application/json;" + "x" * 500, "\xff\xfe",
    "application/json, application/x-protobuf", "image/png",
)  # fmt: skip
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 1e-320, 2**31, 2**53, 2**63, 2**64, -(2**63),
    10**40, "", "a", "a" * 300, "\0", "\ud800", "\u202e", "é", "🜁", [], {}, [[]], {"": ""}, "NaN",
    "1", float("inf"), float("nan"), "' OR 1=1 --", "../../etc/passwd", "<script>alert(1)</script>",
    "{{7*7}}",
)  # fmt: skip
_EVENTS = ("run", "start", "score", "end", "acknowledge", "recalibrate", "RUN", "", None, 3)


def body(rng: random.Random, secrets: "Secrets") -> tuple[bytes, list[tuple[str, str]]]:
    """Return a body and the headers that describe it, rightly or not."""
    made = rng.choices(
        (_rows, _changed_rows, _evidence, _spans, _odd_json, _bytes, _deep),
        (30, 25, 12, 20, 12, 12, 4),
    )[0]
    content, kind = made(rng, secrets)
    if rng.random() < 0.15:
        kind = rng.choice(_TYPES)
    return content, [("Content-Type", kind)] if kind else []


def _json(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _row(rng: random.Random) -> dict[str, Any]:
    row: dict[str, Any] = {"agent": f"a{rng.randrange(50)}", "run": rng.randrange(1 << 30)}
    row["score"] = rng.choice((rng.random(), rng.randrange(100), -3))
    if rng.random() < 0.3:
        row |= {"event": rng.choice(_EVENTS[:4]), "step": rng.randrange(10)}
    return row


def _rows(rng: random.Random, _: "Secrets") -> tuple[bytes, str]:
    rows = [_row(rng) for _ in range(rng.choice((1, 1, 3, 50)))]
    if rng.random() < 0.25:  # several speak of a run, some of whom close it
        rows = [_report(rng) for _ in rows]
    if rng.random() < 0.3:
        return b"\n".join(map(_json, rows)), "application/x-ndjson"
    return _json({"observations": rows}), "application/json"


def _report(rng: random.Random) -> dict[str, Any]:
    row: dict[str, Any] = {"agent": f"a{rng.randrange(9)}", "run": rng.randrange(1 << 12)}
    if rng.random() < 0.1:
        return {**row, "event": rng.choice(("start", "end"))}
    return {**row, "reporter": f"r{rng.randrange(5)}", "score": rng.randrange(9)}


def _evidence(rng: random.Random, secrets: "Secrets") -> tuple[bytes, str]:
    rows = [
        {**_row(rng), "benign": -rng.random(), "hijacked": rng.choice((-rng.random(), -3, -1e300))}
        for _ in range(rng.choice((1, 3, 50)))
    ]
    for row in rows:
        row.pop("score")
    for _ in range(rng.randrange(3) if rng.random() < 0.5 else 0):
        row = rng.choice(rows)
        row[rng.choice(("agent", "run", "benign", "hijacked", "weight", "event", "more", ""))] = (
            rng.choice((*_ODD, secrets.password))
        )
    whole: Any = {"evidence": rows}
    if rng.random() < 0.1:
        whole = {"evidence": rng.choice((rows[0], {}, None, [None], [[]], [{}]))}
    return _json(whole), "application/json"


def _changed_rows(rng: random.Random, secrets: "Secrets") -> tuple[bytes, str]:
    rows = [_row(rng) for _ in range(rng.choice((1, 2, 5)))]
    for _ in range(rng.randrange(1, 4)):
        row = rng.choice(rows)
        names = ("agent", "run", "step", "score", "event", "at", "group", "cut", "x", "extra", "\0",
                 "reporter")  # fmt: skip
        row[rng.choice(names)] = rng.choice((*_ODD, *_EVENTS))
        if rng.random() < 0.1:  # where no name is: a name is data, and kept
            secret = rng.choice((secrets.reads, f"password={secrets.password}"))
            row[rng.choice(("step", "score", "event", "at", "cut", "x", "extra"))] = secret
        if rng.random() < 0.2:
            row.pop(rng.choice(list(row)))
    whole: Any = {"observations": rows}
    if rng.random() < 0.2:
        whole = rng.choice(
            (rows, {"observation": rows}, {"observations": rows[0]}, {**whole, "x": 1})
        )
    return _json(whole), "application/json"


def _spans(rng: random.Random, _: "Secrets") -> tuple[bytes, str]:
    return deep_spans(rng) if rng.random() < 0.05 else spans(rng)


def _odd_json(rng: random.Random, secrets: "Secrets") -> tuple[bytes, str]:
    texts = (
        *(_json(one) for one in _ODD),
        b'{"observations":[{"agent":"a","run":1,"score":1e999}]}',
        b'{"observations":[{"agent":"a","run":1,"score":NaN}]}',
        b'{"observations":[{"agent":"a","agent":"b","run":1,"score":1}]}',
        b'{"observations":[{"agent":"\\ud800","run":1,"score":1}]}',
        b'{"observations":[{"agent":"\xff\xfe","run":1,"score":1}]}',
        b'{"observations":[{"agent":"a","run":' + b"9" * 5000 + b',"score":1}]}',
        b'{"observations":[{"agent":"a","run":1,"score":' + b"1" * 5000 + b"}]}",
        b'\xef\xbb\xbf{"observations":[]}',
        '{"observations":[]}'.encode("utf-16"),
        '{"observations":[]}'.encode("utf-32"),
        b'{"observations":[]} trailing',
        b'{"observations":[',
        b'{"observations":[{},{},{}]}',
        b"{" * 50 + f"password={secrets.password}&token={secrets.reads}".encode(),
    )
    return rng.choice(texts), "application/json"


def _bytes(rng: random.Random, _: "Secrets") -> tuple[bytes, str]:
    return rng.randbytes(rng.choice((0, 1, 10, 1000, 20_000))), rng.choice(_TYPES)


def _deep(rng: random.Random, _: "Secrets") -> tuple[bytes, str]:
    depth = rng.choice((50, 500, 5_000, 100_000))
    opened, closed = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"observations":[', b"]}")))
    return opened * depth + b"1" + closed * depth, "application/json"
