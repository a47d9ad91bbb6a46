"""Every format gives the same rows, in chunks, and refuses what is damaged."""

import io
import os
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from consilience.errors import BadInput
from consilience.evidence.chunks import EvidenceChunks, ReadingOptions
from consilience.evidence.reading import open_evidence

ROWS = 1000
AGENTS = np.arange(ROWS) % 7
VALUES = np.linspace(-3.0, 0.0, ROWS)


def write(path, columns):
    if path.suffix == ".npz":
        np.savez_compressed(path, **columns)
    elif path.suffix == ".csv":
        arrow_csv.write_csv(pa.table(columns), path)
    else:
        pq.write_table(pa.table(columns), path)
    return path


def read(path, chunk_rows=64, numbers=("a", "b")):
    with open_evidence(path) as source:
        batches = list(source.batches("agent", numbers, chunk_rows))
        done, total = source.progress()
        assert done == total > 0
    return batches


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz", ".CSV"])
def test_every_format_gives_all_rows_in_order_and_in_chunks(tmp_path, suffix):
    path = tmp_path / f"evidence{suffix.lower()}"
    write(path, {"agent": AGENTS, "a": VALUES, "extra": VALUES, "b": -VALUES})
    path = path.rename(tmp_path / f"evidence{suffix}")
    batches = read(path)
    assert max(batch.num_rows for batch in batches) <= 64
    table = pa.Table.from_batches(batches)
    assert table.column_names == ["agent", "a", "b"]
    assert [int(agent) for agent in table["agent"].to_pylist()] == AGENTS.tolist()
    assert table["a"].to_pylist() == VALUES.tolist()
    assert table["b"].to_pylist() == (-VALUES).tolist()


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
def test_a_name_that_is_not_utf_8_was_a_traceback(tmp_path, suffix):
    """As every name beyond ASCII is in a locale that has nothing else."""
    path = write(tmp_path / f"e{suffix}", {"agent": AGENTS, "a": VALUES, "b": VALUES})
    path = path.rename(tmp_path / os.fsdecode(b"e\xff" + suffix.encode()))
    assert sum(batch.num_rows for batch in read(path)) == ROWS


def test_a_lack_of_memory_was_a_fault_of_the_file(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise pa.ArrowMemoryError("malloc of size 9 failed")

    columns = {"agent": AGENTS, "a": VALUES, "b": VALUES}
    text, binary = (write(tmp_path / f"e{suffix}", columns) for suffix in (".csv", ".parquet"))
    monkeypatch.setattr(arrow_csv, "open_csv", fail)
    with pytest.raises(MemoryError):
        read(text)
    monkeypatch.setattr(pq, "ParquetFile", fail)
    assert refusal(binary).endswith("use a smaller --chunk-rows, or write the file again")


def test_a_name_that_is_too_long(tmp_path):
    assert "cannot be read (File name too long); check the path" in refusal(
        tmp_path / ("x" * 300 + ".csv")
    )


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
def test_memory_is_a_few_chunks_and_not_the_file(tmp_path, suffix):
    rows = 1_000_000
    rng = np.random.default_rng(3)
    values = rng.random(rows)
    columns = {"agent": rng.integers(0, 1 << 60, rows), "a": values, "b": values}
    path = tmp_path / f"e{suffix}"
    if suffix == ".parquet":
        # The hard case: one row group, nothing compressed.
        pq.write_table(
            pa.table(columns), path, row_group_size=rows, compression="none", use_dictionary=False
        )
    else:
        write(path, columns)
    assert path.stat().st_size > 20e6
    before = pa.total_allocated_bytes()
    with open_evidence(path) as source:
        for batch in source.batches("agent", ["a", "b"], 10_000):
            assert pa.total_allocated_bytes() - before < 8e6
            del batch


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
def test_columns_are_in_file_order(tmp_path, suffix):
    path = write(tmp_path / f"e{suffix}", {"z": VALUES, "agent": AGENTS, "a": VALUES})
    with open_evidence(path) as source:
        assert source.columns == ("z", "agent", "a")
        assert source.agents_are_text == (suffix == ".csv")


def test_csv_with_quotes_newlines_byte_order_mark_and_blank_lines(tmp_path):
    path = tmp_path / "e.csv"
    path.write_bytes(
        b'\xef\xbb\xbfagent,a,note,b\r\n"x, y",-1,"two\r\nlines",-inf\r\n\r\nz, -2 ,,0\r\n'
    )
    (batch,) = read(path)
    assert batch.to_pydict() == {"agent": ["x, y", "z"], "a": [-1, -2], "b": [-np.inf, 0]}


def test_npz_of_another_byte_order_and_text(tmp_path):
    path = tmp_path / "e.npz"
    np.savez(path, agent=np.array(["x", "yy", "ü"]), a=VALUES[:3].astype(">f8"), b=VALUES[:3])
    (batch,) = read(path)
    assert batch["agent"].to_pylist() == ["x", "yy", "ü"]
    assert batch["a"].to_pylist() == VALUES[:3].tolist()


def refusal(path, **kwargs):
    with pytest.raises(BadInput) as caught:
        read(path, **kwargs)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_missing_file(tmp_path):
    assert "no such file; check the path" in refusal(tmp_path / "e.csv")


def test_directory(tmp_path):
    assert "is a directory" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["e.txt", "e", "e.csv.gz"])
def test_unknown_suffix_names_the_known_ones(tmp_path, name):
    path = tmp_path / name
    path.write_text("agent,a,b\n")
    assert "use .parquet, .csv, .npz" in refusal(path)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".npz"])
def test_zero_bytes(tmp_path, suffix):
    path = tmp_path / f"e{suffix}"
    path.touch()
    assert "empty (zero bytes)" in refusal(path)


def test_unreadable_file(tmp_path, monkeypatch):
    path = tmp_path / "e.csv"
    path.write_text("agent,a,b\n")
    # The rights of a file do not stop a superuser, so the refusal comes from the call itself.
    monkeypatch.setattr(
        "pathlib.Path.open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Denied"))
    )
    assert "cannot be read (Denied); check the path and its rights" in refusal(path)


@pytest.mark.parametrize("suffix", [".parquet", ".npz"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_truncated(tmp_path, suffix, keep):
    path = write(tmp_path / f"e{suffix}", {"agent": AGENTS, "a": VALUES, "b": VALUES})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert "not a whole" in refusal(path)


@pytest.mark.parametrize("suffix", [".parquet", ".npz"])
def test_damaged_in_the_middle(tmp_path, suffix):
    rng = np.random.default_rng(1)
    columns = {"agent": AGENTS, "a": rng.random(ROWS), "b": rng.random(ROWS)}
    path = write(tmp_path / f"e{suffix}", columns)
    data = bytearray(path.read_bytes())
    # Parquet's pages begin at the front; NPZ's arrays have a check sum each.
    place = 4 if suffix == ".parquet" else len(data) // 2
    data[place : place + 64] = bytes(64)
    path.write_bytes(data)
    assert "not a whole" in refusal(path)


@pytest.mark.parametrize("suffix", [".parquet", ".npz"])
def test_not_that_format_at_all(tmp_path, suffix):
    path = tmp_path / f"e{suffix}"
    path.write_text("agent,a,b\n1,2,3\n")
    assert "not a whole" in refusal(path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("agent,a,b\n1,-1,-2\n2,-1\n", "row 2 (line 3): 2 cells where the header has 3"),
        ("agent,a,b\n1,-1,-2,-3\n", "row 1 (line 2): 4 cells where the header has 3"),
        ("agent,a,b\n1,-1,-2\n\n2,-1,abc\n", "row 2 (line 4), column 'b': 'abc' is not a number"),
        ("agent,a,b\n1,-1,1_0\n", "row 1 (line 2), column 'b': '1_0' is not a number"),
    ],
)
def test_csv_names_the_row_and_column(tmp_path, text, place):
    path = tmp_path / "e.csv"
    path.write_text(text)
    assert place in refusal(path)


def test_csv_names_a_row_far_into_the_file(tmp_path):
    path = tmp_path / "e.csv"
    lines = ["agent,a,b"] + ["1,-1,-2"] * 300_000
    lines[250_000] = "1,-1,x"
    path.write_text("\n".join(lines))
    assert "row 250000 (line 250001), column 'b': 'x'" in refusal(path, chunk_rows=1 << 20)


LATIN_1 = {
    b"agent,a,b\n\xe9,1,2\n": "row 1 (line 2), column 'agent': not in UTF-8 (Latin-1?); save it as",
    b"agent,a,b\nx,1,2\ny,1,\xe9\n": "row 2 (line 3), column 'b': not in UTF-8",
    b"ag\xe9nt,a,b\n1,1,2\n": "its header is not in UTF-8 (Latin-1?); save it as CSV, UTF-8",
    b"agent,a,b\n" + b"1,1,2\n" * 100_000 + b"\xe9,1,2\n": "row 100001 (line 100002), column",
    b"note,agent,a,b\n\xe9,1,1,2\n\xe9,1,1,x\n": "row 2 (line 3), column 'b': 'x' is not a number",
}


@pytest.mark.parametrize("text", LATIN_1, ids=range(len(LATIN_1)))
def test_csv_not_in_utf8_was_told_without_its_line(tmp_path, text):
    path = tmp_path / "e.csv"
    path.write_bytes(text)
    assert LATIN_1[text] in refusal(path)


def test_a_column_that_is_not_read_may_be_in_any_encoding(tmp_path):
    path = tmp_path / "e.csv"
    path.write_bytes(b"note,agent,a,b\n\xe9,1,1,2\n")
    (batch,) = read(path)
    assert batch["a"].to_pylist() == [1.0]


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_in_utf16_lacked_columns_or_was_not_csv(tmp_path, name, end):
    path = tmp_path / "e.csv"
    path.write_bytes(end.join(["agent,a,b", "1,-1,-2", ""]).encode(name))
    assert f"is in {name[:6].upper()}; save it as CSV, UTF-8, with commas" in refusal(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("agent,a,b\n" + "x" * 1_000_000 + ",-1,-2\n", "line 2: field larger than field limit"),
        ("agent,a,b\n1,-1," + "9" * 1_000_000 + "\n", "line 2: field larger than field limit"),
        ("agent,a," + "b" * 1_000_000 + "\n1,-1,-2\n", "header: field larger than field limit"),
        (
            "agent,a,b\n" + "x,1,2\n" * 20_000 + "\u00e9" * 131_000 + ",1,2\n",
            "a row of more than 131,072 bytes",
        ),
        ('agent,a,b\n"x,-1,-2\n' + "x,-1,-2\n" * 99_999, "line 16386: field larger than"),
    ],
    ids=["agent", "number", "header", "wide", "quote"],
)
def test_a_cell_of_a_megabyte_was_not_utf8(tmp_path, text, words):
    path = tmp_path / "e.csv"
    path.write_text(text)
    found = refusal(path, numbers=("a",) if "header" in words else ("a", "b"))
    assert words in found
    assert "Latin" not in found
    assert len(found) < 300


def test_csv_number_that_only_arrow_refuses(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("agent,a,b\n1,\u0661,2\n")
    assert "not readable as CSV" in refusal(path)


def test_csv_of_blank_lines(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("\n\n\n")
    assert "no header and no rows" in refusal(path)


def test_duplicate_columns(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("agent,a,a\n1,2,3\n")
    assert "two columns are named 'a'; rename one" in refusal(path)
    path = tmp_path / "e.parquet"
    names = ["agent", "a", "a"]
    pq.write_table(pa.Table.from_arrays([pa.array([1])] * 3, names=names), path)
    assert "two columns are named 'a'" in refusal(path)
    path = tmp_path / "e.npz"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name in names:
            archive.writestr(f"{name}.npy", npy(np.zeros(1)))
    assert "two columns are named 'a'" in refusal(path)


def npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


@pytest.mark.parametrize(
    ("array", "cause"),
    [
        (np.array([1.0, "x", None] * 2, dtype=object), "pickled Python objects"),
        (np.array([b"x"] * 6), "dtype |S1"),
        (np.zeros(6, complex), "dtype complex128"),
        (np.zeros((6, 1)), "shape (6, 1)"),
        (np.array(0.0), "shape ()"),
        (np.zeros(5), "'b' has 5 rows but 'agent' has 6"),
    ],
)
def test_npz_array_that_is_no_column(tmp_path, array, cause):
    path = tmp_path / "e.npz"
    np.savez(path, agent=np.arange(6), a=np.zeros(6), b=array)
    assert cause in refusal(path)


def test_npz_headers_of_other_versions(tmp_path):
    path = tmp_path / "e.npz"
    for version, cause in [((2, 0), None), ((3, 0), "NPY version 3")]:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("agent.npy", npy(np.arange(2)))
            archive.writestr("a.npy", npy(np.zeros(2), version))
        if cause:
            assert cause in refusal(path, numbers=["a"])
        else:
            assert read(path, numbers=["a"])[0]["a"].to_pylist() == [0, 0]


def test_npz_with_more_data_than_its_header_says(tmp_path):
    path = tmp_path / "e.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("agent.npy", npy(np.arange(2)))
        archive.writestr("a.npy", npy(np.zeros(2)) + b"more")
    assert "data after the last row" in refusal(path, numbers=["a"])


def test_npz_with_less_data_than_its_header_says(tmp_path):
    path = tmp_path / "e.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("agent.npy", npy(np.arange(2)))
        archive.writestr("a.npy", npy(np.zeros(2))[:-1])
    assert "data ends early" in refusal(path, numbers=["a"])


@pytest.mark.parametrize(("cell", "saturated"), [("-1e400", 1), ("-1e300", 1), ("-inf", 0)])
def test_a_number_that_overflows_was_impossible(tmp_path, cell, saturated):
    path = tmp_path / "e.csv"
    path.write_text(f"agent,a,b\n1,{cell},-1\n1, -2 ,-1\n")
    with EvidenceChunks(path, ReadingOptions(chunk_rows=10)) as chunks:
        (chunk,) = chunks
    assert chunks.saturated == saturated
    assert (chunk.codes[0, 0] == -(1 << 31)) == (cell == "-inf")


def test_a_weight_that_vanishes_was_zero(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("agent,a,b,weight\n1,-1,-1,1e-400\n")
    with (
        EvidenceChunks(path, ReadingOptions(chunk_rows=10)) as chunks,
        pytest.raises(BadInput, match="weight"),
    ):
        list(chunks)


def test_pages_with_a_wrong_checksum_were_read(tmp_path):
    path = tmp_path / "e.parquet"
    values = np.linspace(-9, -1, 2000)
    columns = pa.table({"agent": np.zeros(2000, np.int64), "a": values, "b": values})
    pq.write_table(
        columns, path, write_page_checksum=True, use_dictionary=False, compression="NONE"
    )
    data = bytearray(path.read_bytes())
    place = data.index(values.tobytes()[800:1600])
    data[place + 5] ^= 1
    path.write_bytes(data)
    with (
        EvidenceChunks(path, ReadingOptions(chunk_rows=5000)) as chunks,
        pytest.raises(BadInput, match="checksum"),
    ):
        list(chunks)


def wrong_files(folder):
    """Files that ended in a traceback or in words that led astray, and the words now."""
    good = {"agent": np.array([1, 2]), "a": np.array([-1.0, -2.0]), "b": np.array([-2.0, -1.0])}

    def members(change):
        for name, values in good.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, values)
            yield name, change(name, data.getvalue())

    header = b"{'descr': '<i8'\n"
    with zipfile.ZipFile(folder / "header.npz", "w") as archive:
        for name, data in members(lambda name, data: data):
            cut = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
            archive.writestr(f"{name}.npy", cut if name == "a" else data)
    yield "header.npz", "not a whole NPZ file"
    with zipfile.ZipFile(folder / "lzma.npz", "w", zipfile.ZIP_LZMA) as archive:
        for name, data in members(lambda name, data: data):
            archive.writestr(f"{name}.npy", data)
    data = bytearray((folder / "lzma.npz").read_bytes())
    data[60:70] = b"\xff" * 10
    (folder / "lzma.npz").write_bytes(data)
    yield "lzma.npz", "not a whole NPZ file"
    raw = pa.array([b"x", b"he\xffllo"])
    ids = pa.StringArray.from_buffers(2, raw.buffers()[1], raw.buffers()[2])
    pq.write_table(pa.table(good | {"agent": ids}), folder / "bytes.parquet")
    yield "bytes.parquet", r"row 2, column 'agent': agent id b'he\\xffllo' is not UTF-8"
    for name, text, words in (
        ("cell.csv", "agent,a,b\n1,-1," + "9" * 200_000 + "x\n", "line 2: field larger than"),
        ("semicolons.csv", "agent;a;b\n1;-1;-2\n", "separated by semicolons; save it as CSV with"),
        ("tabs.csv", "agent\ta\tb\n1\t-1\t-2\n", "separated by tabs"),
    ):
        (folder / name).write_text(text)
        yield name, words
    os.mkfifo(folder / "pipe.csv")
    yield "pipe.csv", "is a pipe or a device; save what it gives to a file first"


def test_wrong_files_ended_in_a_traceback_or_in_other_words(tmp_path):
    for name, words in wrong_files(tmp_path):
        with (
            pytest.raises(BadInput, match=words),
            EvidenceChunks(tmp_path / name, ReadingOptions(chunk_rows=10)) as chunks,
        ):
            list(chunks)


def test_a_header_without_an_end_of_line_has_no_rows(tmp_path):
    (tmp_path / "e.csv").write_text("agent,a,b")
    with (
        EvidenceChunks(tmp_path / "e.csv", ReadingOptions()) as chunks,
        pytest.raises(BadInput, match="the file has no rows"),
    ):
        list(chunks)
