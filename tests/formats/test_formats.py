"""Files of every format, as they were kept, are read; and what is written today is one of them.

What fails here is a break of what docs/compatibility.md promises: raise the version, let the reader
take both, `python -m tests.formats`, and say it in CHANGELOG.md.
"""

import io
import json
import lzma
import re
import tarfile
from pathlib import Path

import pytest

from consilience.distributed.totals import evidence_sums_bytes
from consilience.errors import BadInput, ConsilienceError
from consilience.exact import state_bytes
from consilience.monitor import monitor_bytes, watch_folder
from tests.formats.folders import FOLDERS
from tests.formats.forms import FORMS
from tests.unpacking import unpack

KEPT = Path(__file__).parent / "kept"
ROOT = Path(__file__).parents[2]


def test_all_formats_are_kept_and_no_other():
    """A format of another version has another name, and needs a file of its own."""
    files = {path.name.removesuffix(".tar.xz") for path in KEPT.iterdir()}
    assert FORMS.keys() | FOLDERS.keys() <= files, "python -m tests.formats"
    now = {name.split("-")[0].split("_backup")[0] for name in FORMS.keys() | FOLDERS.keys()}
    assert {name.split("-")[0].split("_backup")[0] for name in files} <= now


def test_the_page_lists_them_with_their_first_bytes():
    text = (ROOT / "docs" / "compatibility.md").read_text()
    for name in FORMS.keys() | FOLDERS.keys():
        assert f"`{name}`" in text
    for form in FORMS.values():
        magic = re.match(rb"[A-Z]*", form.begins)
        assert magic is not None and f"`{magic[0].decode()}" in text


@pytest.mark.parametrize(
    ("name", "where", "what", "value"),
    [
        ("log_sum-1", state_bytes, "VERSION", 2),
        ("monitor-1", monitor_bytes, "MAGIC", b"CNMX"),
        ("watch_state-2", watch_folder, "_MAGIC", b"CNMW\3\0\0\0"),
        ("evidence_sums-1", evidence_sums_bytes, "VERSION", 2),
    ],
)
def test_a_break_is_noticed(name, where, what, value, monkeypatch):
    monkeypatch.setattr(where, what, value)
    kept = (KEPT / name).read_bytes()
    assert FORMS[name].make() != kept
    with pytest.raises(BadInput):
        FORMS[name].again(kept)


@pytest.mark.parametrize("path", sorted(KEPT.glob("*-[0-9]")), ids=lambda path: path.name)
def test_what_was_kept_is_read(path):
    """And, in the version of today, written again as it was."""
    kind = path.name.rpartition("-")[0]
    (name,) = [one for one in FORMS if one.rpartition("-")[0] == kind]
    again = FORMS[name].again(path.read_bytes())
    assert again.startswith(FORMS[name].begins)
    if name == path.name:
        assert again == path.read_bytes()


@pytest.mark.parametrize("name", FORMS)
def test_what_is_of_another_form_is_refused(name):
    for other in FORMS.keys() - {name}:
        with pytest.raises(ConsilienceError):
            FORMS[name].again((KEPT / other).read_bytes())


@pytest.mark.parametrize("name", FORMS)
def test_what_is_written_today_is_what_was_kept(name):
    made, kept = FORMS[name].make(), (KEPT / name).read_bytes()
    assert made.startswith(FORMS[name].begins)
    if name.startswith("model-"):  # fitted in floats, whose last bits differ between processors
        assert outline(json.loads(made)) == outline(json.loads(kept))
    else:
        assert made == kept


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.tar.xz")), ids=lambda path: path.name)
def test_a_folder_that_was_kept_holds_what_it_held(path, tmp_path):
    kind = re.split("-|_backup", path.name)[0]
    (name,) = [one for one in FOLDERS if re.split("-|_backup", one)[0] == kind]
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(path.read_bytes()))) as archive:
        unpack(archive, tmp_path)
    found = json.loads((tmp_path / "found.json").read_text())
    assert_holds(FOLDERS[name].find(tmp_path / "state"), found)


def outline(value):
    """Return names and types of JSON."""
    if isinstance(value, dict):
        return {name: outline(one) for name, one in value.items()}
    if isinstance(value, list):
        return [outline(value[0])] if value else []
    return type(value).__name__


def assert_holds(now, kept, place="found"):
    """Compare JSON; fields may have come, and none is gone."""
    if isinstance(kept, dict):
        for name, value in kept.items():
            assert name in now, f"{place}.{name} is gone"
            assert_holds(now[name], value, f"{place}.{name}")
    elif isinstance(kept, list) and isinstance(now, list) and len(now) == len(kept):
        for number, (one, other) in enumerate(zip(now, kept, strict=True)):
            assert_holds(one, other, f"{place}[{number}]")
    else:
        assert now == kept, place
