"""Files made by hand in each format, read to the answers beside them; detection by content."""

import gzip
import json
import shutil
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from consilience.errors import BadInput
from consilience.traces.detection import FORMATS, read_trace
from consilience.traces.otlp_protobuf import OTLP_PROTOBUF
from tests.campaigns.traces.comparison import compared

DATA = Path(__file__).parent / "data"
ANSWERS = sorted(DATA.glob("*.expected.json"))
FILES = [answer.with_name(answer.name.removesuffix(".expected.json")) for answer in ANSWERS]


def content(path, name="auto"):
    read = read_trace(path, name)
    return read.format.name, read.reading.as_json()


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: path.name)
def test_a_file_is_read_to_its_answer(answer):
    assert compared(answer)[1] == "equal"


def test_a_file_that_may_be_of_two_formats_is_told(tmp_path):
    both = json.loads((DATA / "atif.json").read_text()) | json.loads(
        (DATA / "jaeger.json").read_text()
    )
    path = tmp_path / "both.json"
    path.write_text(json.dumps(both))
    read = read_trace(path)
    assert read.format.name == "jaeger"
    assert read.reading.warnings == ["may be of format atif as well: if it is, name that"]
    assert not read_trace(path, "atif").reading.warnings


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_no_file_is_doubted_without_need(file):
    assert not any("as well" in warning for warning in read_trace(file).reading.warnings)


def test_a_run_of_one_agent_bears_its_name_and_times_their_unit(tmp_path):
    given = read_trace(DATA / "weave.jsonl").reading.as_json()
    assert given["sequences"][0]["agent"] == "agent" and given["time_unit"] == "ISO 8601"
    given = read_trace(DATA / "otlp_nested.json").reading.as_json()
    assert given["sequences"][0]["agent"] is None  # of two agents
    assert "time_unit" not in read_trace(DATA / "messages.jsonl").reading.as_json()


def test_every_format_has_a_file():
    assert {read_trace(file).format for file in FILES} == set(FORMATS) - {OTLP_PROTOBUF}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_the_name_of_a_file_does_not_matter_nor_that_it_is_compressed(file, tmp_path):
    named = tmp_path / f"{file.name.split('.')[0]}.bin"
    shutil.copyfile(file, named)
    packed = tmp_path / f"{file.name.split('.')[0]}.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    expected = content(file)
    assert content(named) == content(packed) == expected
    assert content(file, expected[0]) == expected


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_fields_that_nobody_knows_change_nothing(file, tmp_path):
    text = file.read_text()
    if not text.startswith(("{", "[")) or file.name.startswith("otlp_lines"):
        return
    other = tmp_path / file.name
    try:
        value = json.loads(text)
        if isinstance(value, dict):
            value["x-unknown"] = {"deep": [1, None]}
        other.write_text(json.dumps(value))
    except json.JSONDecodeError:
        other.write_text("\ufeff" + text.replace("\n", "\r\n"))
    assert content(other) == content(file)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("name", lambda answer: answer["sequences"][0].update(conversation="other")),
        ("tool", lambda answer: answer["sequences"][0]["calls"][1].update(tool="other")),
        ("order", lambda answer: answer["sequences"][0]["calls"].reverse()),
        ("error", lambda answer: answer["sequences"][0]["calls"][1].update(error=False)),
        ("result", lambda answer: answer["sequences"][0]["calls"][3].update(has_result=True)),
        ("agent", lambda answer: answer["sequences"][0]["calls"][3].update(agent="lead")),
        ("missing", lambda answer: answer["sequences"][0]["calls"].pop()),
        ("more", lambda answer: answer["sequences"].append({"conversation": None, "calls": []})),
        ("kind", lambda answer: answer.update(kind="scores")),
    ],
)
def test_the_comparison_notices(what, change, tmp_path):
    shutil.copyfile(DATA / "otlp_nested.json", tmp_path / "x.json")
    answer = json.loads((DATA / "otlp_nested.json.expected.json").read_text())
    path = tmp_path / "x.json.expected.json"
    path.write_text(json.dumps(answer))
    assert compared(path)[1] == "equal"
    change(answer)
    path.write_text(json.dumps(answer))
    assert compared(path)[1] != "equal", what


def test_an_archive_of_inspect_has_its_samples_in_order(tmp_path):
    log = json.loads((DATA / "inspect.json").read_text())
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for sample in log["samples"]:
            name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
            archive.writestr(name, json.dumps(sample))
        archive.writestr("header.json", json.dumps({"eval": {"dataset": {"samples": 790}}}))
    assert content(path) == content(DATA / "inspect.json")
    whole = path.read_bytes()
    for cut in (30, 200, len(whole) // 2, len(whole) - 8):
        path.write_bytes(whole[:cut])
        with pytest.raises(BadInput, match="damaged"):
            read_trace(path)


def test_an_archive_packed_in_an_unknown_way_names_the_cure(tmp_path):
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("samples/1_epoch_1.json", '{"id": 1}')
        archive.writestr("header.json", "{}")
    for method in (93, 99):  # zstd, and none that there is
        data = bytearray(path.read_bytes())
        for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            at = data.find(signature)
            data[at + place : at + place + 2] = method.to_bytes(2, "little")
        other = tmp_path / f"{method}.eval"
        other.write_bytes(data)
        with pytest.raises(BadInput, match="inspect log convert"):
            read_trace(other)


def test_a_sample_that_is_damaged_is_named(tmp_path):
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("samples/1_epoch_1.json", '{"id": 1')
    with pytest.raises(BadInput, match=r"samples/1_epoch_1\.json is damaged"):
        read_trace(path)


def test_calls_that_only_the_events_of_sub_agents_have_are_told(tmp_path):
    log = json.loads((DATA / "inspect.json").read_text())
    log["samples"][0]["events"].append({"event": "tool", "id": "77", "function": "inner"})
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    assert "1 calls are events of sub-agents" in read_trace(path).reading.warnings[0]


def test_times_of_calls_whose_ids_repeat_come_in_order(tmp_path):
    asked = {"role": "assistant", "tool_calls": [{"id": "1", "function": "f"}]}
    events = [{"event": "tool", "id": "1", "function": "f", "timestamp": t} for t in ("A", "B")]
    path = tmp_path / "log.json"
    sample = {"id": 1, "epoch": 1, "messages": [asked, asked], "events": events}
    path.write_text(json.dumps({"version": 2, "eval": {}, "samples": [sample]}))
    assert [step.time for step in read_trace(path).reading.sequences[0].steps] == ["A", "B"]


def test_scores_of_a_parquet_file(tmp_path):
    path = tmp_path / "scores"
    rows = {"agent": ["a", "a"], "run": ["r", "r"], "step": [2, 1], "score": [0.5, float("nan")]}
    pq.write_table(pa.table(rows), path)
    name, given = content(path)
    assert name == "scores" and given["rows_in_step_order"] is False
    assert given["sequences"] == [{"id": "r", "agent": "a", "n": 2, "scores": [None, 0.5]}]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadInput, match="damaged Parquet"):
        read_trace(path)


def test_without_names_of_tools_there_are_empty_calls_and_a_warning():
    reading = read_trace(DATA / "tau_bench_text.jsonl").reading
    assert [sequence.steps for sequence in reading.sequences] == [[], []]
    assert "names of the tools are not recorded" in reading.warnings[0]
    assert read_trace(DATA / "otlp_no_tools.json").reading.warnings


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "is empty"),
        (" \n\n", "is blank"),
        ("# a page of text\n\nno trace", "of no known format"),
        ('{"a": [1, 2}', "broken JSON"),
        ('{"a": 1}', "of no known format"),
        ("[" * 100_000, "nested too deep"),
        ('{"resourceMetrics": []}', "OTLP metrics, no spans"),
        ("run,score\na,0.5\nb,high\n", "'high' is no number"),
        ("agent,run,score\n,,1\n", "names no run"),
        ("timestamp,value\n2026-01-01,1\n2026-01-02,many\n", "'many' is no finite number"),
        ("timestamp,value\n2026-01-01,1\nlater,2\n", "line 3 has no time"),
        ('{"MetricDataResults": [{"Label": "c", "Timestamps": ["2026-01-01"], "Values": []}]}',
         "1 timestamps and 0 values"),
        ('{"Label": "c", "Datapoints": [{"Timestamp": "soon", "Sum": 1}]}', "no timestamp"),
        ('{"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [["x", "1"]]}]}}',
         "'x' is no time"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line(text, cure, tmp_path):
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(BadInput, match=cure) as refusal:
        read_trace(path)
    assert "\n" not in str(refusal.value)


def test_what_cannot_be_opened_or_named_is_refused(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        read_trace(tmp_path / "missing")
    with pytest.raises(BadInput, match="cannot be read"):
        read_trace(tmp_path)
    with pytest.raises(BadInput, match="no format; choose auto, otlp"):
        read_trace(DATA / "atif.json", "xml")
    with pytest.raises(BadInput, match="nothing that format jaeger reads; it looks like atif"):
        read_trace(DATA / "atif.json", "jaeger")
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress((DATA / "jaeger.json").read_bytes())[:-30])
    with pytest.raises(BadInput, match="damaged packed file"):
        read_trace(packed)
