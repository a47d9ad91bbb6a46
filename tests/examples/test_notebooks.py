"""The notebooks: carried out anew they print what stands in them."""

from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(file):
    return nbformat.read(file, as_version=4)


def results(notebook):
    """Each code cell's results: texts as they are, of a picture that it is one."""
    return [
        [
            (one.output_type, one.text if one.output_type == "stream" else sorted(one.data))
            for one in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_each_is_kept_with_its_results(file):
    notebook = read(file)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {kind for cell in results(notebook) for kind, _ in cell}
    assert kinds == {"stream", "display_data"}, "texts and pictures, no error"
    assert {one.name for cell in cells for one in cell.outputs if "name" in one} == {"stdout"}


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_links_of_each_lead_somewhere(file):
    for cell in read(file).cells:
        if cell.cell_type == "markdown":
            for block in MarkdownIt().parse(cell.source):
                for part in block.children or []:
                    target = str(part.attrs.get("href", "https:"))
                    assert target.startswith("https:") or (FOLDER / target).exists(), target


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
@pytest.mark.filterwarnings("default")  # of the kernel's client, which is not ours
def test_carried_out_anew_it_gives_the_same(file):
    notebook = read(file)
    kept = results(notebook)
    assert any(kept)
    # On a busy machine what a cell prints comes in several parts.
    client = NotebookClient(
        notebook,
        timeout=300,
        coalesce_streams=True,
        resources={"metadata": {"path": str(FOLDER)}},
    )
    client.execute()
    assert results(notebook) == kept, (
        "run: jupyter execute --inplace --NotebookClient.record_timing=False "
        f"--NotebookClient.coalesce_streams=True examples/notebooks/{file.name}"
    )
