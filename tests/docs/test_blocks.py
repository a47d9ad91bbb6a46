"""What carries out the blocks of pages notices what is wrong."""

import pytest

from tests.docs.blocks import carried_out, to_do
from tests.host.distributed.test_processes import free_port


@pytest.fixture
def page(tmp_path):
    """Return a function that writes a page and carries it out."""

    def page(text, **more):
        (tmp_path / "page.md").write_text(text)
        return carried_out(tmp_path / "page.md", tmp_path, **more)

    return page


def test_a_page_that_says_something_else_is_noticed(page):
    assert page("```console\n$ echo one; echo two\none\n...\n```\n").run == 1
    with pytest.raises(AssertionError, match=r"line 1: \$ echo one"):
        page("```console\n$ echo one; echo two\none\nthree\n```\n")
    with pytest.raises(AssertionError, match="exit code 1"):
        page("```console\n$ false\n```\n")
    with pytest.raises(AssertionError, match="warning: odd"):
        page("```console\n$ echo warning: odd\n```\n")
    with pytest.raises(AssertionError, match=r"error: gone\.csv: no such file"):
        page("```console\n$ consilience fuse gone.csv --out out.csv\n```\n")


def test_the_program_runs_in_this_process_and_through_a_shell_alike(page):
    texts = [
        "consilience keys --help",
        "consilience keys --help | cat",
        "consilience keys --help > v",
    ]
    told = "...\n Usage: consilience keys [OPTIONS] ...\n...\n"
    steps = "".join(f"$ {text}\n{told * (text[-1] != 'v')}" for text in texts)
    assert page(f"```console\n{steps}$ cat v\n{told}```\n").run == 4


def test_files_and_python_are_of_their_page(page, tmp_path):
    done = page(
        "```python\n# one.py\nimport two\nprint(two.TWO)\n```\n\n"
        "```python\n# two.py\nTWO = 2\n```\n\n"
        "```console\n$ python one.py\n2\n```\n\n```python\nimport asyncio\nfrom two import TWO\n"
        "three = TWO + given\n```\n\n```python\nawait asyncio.sleep(0)\nassert three == 3\n```\n",
        names={"given": 1},
    )
    assert (done.run, to_do(tmp_path / "page.md")) == (3, done)
    with pytest.raises(AssertionError, match="NameError: name 'three'"):
        page("```python\nthree\n```\n")


def test_what_needs_something_is_counted_and_not_carried_out(page):
    done = page("```console\n$ false   # programs it; needs a board\n$ true\n```\n")
    assert (done.run, done.needs) == (1, ["a board"])
    done = page("```console\n# once; needs a network\n$ false\n$ false\n```\n")
    assert (done.run, done.needs) == (0, ["a network"] * 2)
    assert page("```c\n// needs LiteX\nmain;\n```\n").needs == ["LiteX"]


@pytest.mark.parametrize(
    "text",
    [
        "    consilience watch\n",
        "```\nconsilience watch\n```\n",
        "```sh\nconsilience watch\n```\n",
        "```c\nmain;\n```\n",
        "```text\n$ consilience watch\n```\n",
        "```console\nconsilience watch\n```\n",
        "```toml\na = 1\n```\n",
    ],
)
def test_a_block_that_would_be_passed_over_is_refused(page, text):
    with pytest.raises(AssertionError, match=r"page\.md, line 1|names no file"):
        page(text)


def test_what_goes_on_beside_is_waited_for_and_ended(page, tmp_path):
    (tmp_path / "served.py").write_text(
        "import signal, socket, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "with socket.create_server(('127.0.0.1', int(sys.argv[1]))) as server:\n"
        "    while True:\n        one, _ = server.accept()\n        one.close()\n"
    )
    port = free_port()
    text = "```console\n$ python served.py 9 &\n$ echo > /dev/tcp/127.0.0.1/9\n```\n"
    assert page(text, ports={"9": port}).run == 2
    assert (
        page(
            "```console\n$ (echo > /dev/tcp/127.0.0.1/9) 2> no || echo ended\nended\n```\n",
            ports={"9": port},
        ).run
        == 1
    )
