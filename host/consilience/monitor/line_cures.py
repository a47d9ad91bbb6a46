"""What to do about lines that are none: other encodings, whole documents, tables without names."""

import json
from collections.abc import Sequence

from consilience.errors import BadInput
from consilience.numbers.number_text import is_number

__all__ = ["no_number", "of_bytes", "refuse_document", "refuse_header"]

_ENDS = {"true", "false", "pass", "passed", "fail", "failed", "yes", "no", "ok", "error", "success",
         "failure", "correct", "incorrect"}  # fmt: skip


def of_bytes(line: bytes) -> str:
    """Return what a line that is no UTF-8 probably is, and what to do."""
    if line.startswith(b"\x1f\x8b"):
        return "is packed (gzip); unpack it with gunzip"
    if line.startswith(b"PK"):
        return "is an archive (NPZ or ZIP); write CSV, JSON lines or .parquet"
    return "is no UTF-8; save it as UTF-8, CSV or JSON"


def refuse_document(text: str) -> None:
    """Raise BadInput of a first line that is a JSON document of all rows, or begins one."""
    begin = text.strip()
    rows = "'.[]'" if begin.startswith("[") else None
    if begin == "{":
        rows = "'.ROWS[]', with the name of the list for ROWS,"
    elif begin.startswith("{"):
        try:
            said = json.loads(begin)
        except ValueError:
            return
        lists = [name for name, value in said.items() if _is_rows(value)]
        if len(lists) == 1 and "agent" not in said:
            rows = f"'.{lists[0]}[]'"
    if rows is not None:
        raise BadInput(
            "is the beginning of one JSON document; a line is an object of its own: jq -c "
            f"{rows} FILE > lines.jsonl"
        )


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def refuse_header(names: Sequence[str]) -> None:
    """Raise BadInput of a first line of a CSV that names no columns."""
    if len(names) == 1 and ("\t" in names[0] or ";" in names[0]):
        raise BadInput("columns are separated by commas, not by semicolons or tabs")
    numbers = [name for name in names if is_number(name)]
    if numbers:
        raise BadInput(
            f"{numbers[0]} is no name of a column; begin with a line of names, as agent,run,score"
        )
    if len(set(names)) < len(names):
        raise BadInput("two columns have the same name")


def no_number(name: str, value: object) -> str:
    """Return what to do about a value that is no number."""
    if str(value).strip().lower() in _ENDS:
        return f"{name} {value!r} is no number; give 1 for what is suspect, else 0"
    if isinstance(value, str):
        cure = "leave the % out" if value.endswith("%") else "correct it"
        return f"{name} {value!r} is no number; {cure}"
    return f"{name} must be a number, not {value!r}"
