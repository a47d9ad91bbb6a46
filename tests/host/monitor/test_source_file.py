"""Files of frozen tables and models: read as written, or refused in one line."""

import json

import numpy as np
import pytest

import consilience as cs
from consilience.errors import BadInput
from consilience.monitor.source_file import (
    FrozenSource,
    ModelSource,
    frozen_text,
    model_text,
    read_source,
)

TABLE = cs.FrozenTable.fit_scores(np.arange(1_000), [500, 900])
MODEL = cs.ModelIncrements(
    np.log([[0.5, 0.2, 0.3], [0.1, 0.2, 0.7]]),
    np.log([[0.2, 0.2, 0.6], [0.6, 0.1, 0.3]]),
    unseen=0,
    end=1,
)
NAMES = ("start", "after read"), ("other", "end", "read")


def read(tmp_path, content):
    path = tmp_path / "source"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_source(path)


def test_tables_and_models_are_read_as_they_were_written(tmp_path):
    for source in (FrozenSource(TABLE), FrozenSource(cs.FrozenTable.fit([900, 101]), "by hand")):
        for text in (frozen_text(source), bytes(source.table)):
            found = read(tmp_path, text)
            assert isinstance(found, FrozenSource) and bytes(found.table) == bytes(source.table)
            assert found.digest == source.digest or isinstance(text, bytes)
    for source in (ModelSource(MODEL), ModelSource(MODEL, *NAMES)):
        found = read(tmp_path, model_text(source))
        assert isinstance(found, ModelSource) and bytes(found.increments) == bytes(MODEL)
        assert (found.contexts, found.symbols) == (source.contexts, source.symbols)
        assert found.digest == source.digest
    assert isinstance(read(tmp_path, bytes(MODEL)), ModelSource)


def test_names_and_numbers_find_their_places():
    named, numbered = ModelSource(MODEL, *NAMES), ModelSource(MODEL)
    assert (named.context("after read"), numbered.context(1), numbered.context("1")) == (1, 1, 1)
    assert (named.symbol("read"), named.symbol("never seen"), numbered.symbol(2)) == (2, 0, 2)
    assert named.code(1, 2) == MODEL.codes[1, 2]
    for call, words in (
        (lambda: named.context("nowhere"), "none of the model's"),
        (lambda: numbered.context(2), "none of the model's"),
        (lambda: numbered.context(True), "none of the model's"),
        (lambda: numbered.symbol(3), r"0 \.\. 2"),
        (lambda: named.symbol("end"), "say it by event end"),
        (lambda: ModelSource(MODEL, ("a", "a")), "1 different names for 2"),
        (lambda: ModelSource(MODEL, None, ("a", "b")), "2 different names for 3"),
    ):
        with pytest.raises(BadInput, match=words):
            call()


def changed(text, **values):
    return json.dumps({**json.loads(text), **values})


FROZEN, OF_MODEL = frozen_text(FrozenSource(TABLE)), model_text(ModelSource(MODEL, *NAMES))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "write the file anew"),
        ("{}", "is neither"),
        ("[1]", "is neither"),
        (bytes(TABLE)[:-1], "write the file anew"),
        (bytes(MODEL) + b"\0", "left over"),
        (changed(FROZEN, counts=[500, 400, 101]), "counts is another than in its bytes"),
        (changed(FROZEN, edges=[5, 9]), "edges is another"),
        (changed(FROZEN, bytes="?"), "write the file anew"),
        (changed(FROZEN, bytes=5), "write the file anew"),
        (changed(FROZEN, consilience="model increments"), "another kind"),
        (FROZEN.replace('"binning"', '"was"'), "'binning' is missing"),
        (changed(OF_MODEL, symbols=["a"]), "1 different names for 3"),
        (changed(OF_MODEL, contexts=[1, 2]), "lists of text"),
    ],
)
def test_files_that_cannot_be_are_refused(tmp_path, content, words):
    with pytest.raises(BadInput, match=words):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="gone: cannot be read"):
        read_source(tmp_path / "gone")
