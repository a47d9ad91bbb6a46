"""The public names, as the README and the package's docstring use them."""

import doctest
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np

import consilience as cs

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_names():
    assert cs.__version__ == version("consilience")
    assert set(cs.__all__) <= set(dir(cs))
    assert list(inspect.signature(cs.Device.reduce).parameters) == ["self", "codes", "offsets"]
    assert list(inspect.signature(cs.Device.posterior).parameters) == [
        *("self", "evidence", "agent", "prior", "weight")
    ]
    for name in ("of", "add", "remove", "merge", "code", "count", "from_bytes", "window"):
        assert hasattr(cs.LogSum, name)


def test_docstring_example():
    failed, tried = doctest.testmod(cs)
    assert tried > 3
    assert not failed


def test_readme_example_runs():
    """Every line of the README's Python block, with the arrays it takes for granted."""
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {
        "evidence": np.array([[0, -65536], [-65536, 0], [0, -9]], np.int32),
        "agent": np.array([7, 7, 3]),
        "prior": cs.to_codes(np.log([0.9, 0.1])),
        "codes": np.array([1, 2, 3], np.int32),
        "other": cs.LogSum.of([5]),
        "old": 2,
        "ratios": np.full(400, 1 << 16, np.int32),
        "a": np.zeros((2, 3)),
        "agents": ["x", "y"],
        "increments": np.array([[9, 9], [-5, 3]], np.int32),
    }
    exec(compile(block, "README.md", "exec"), names)
    assert names["ids"].tolist() == [3, 7]


def test_monitor_example_runs(capsys):
    """The Python block of docs/monitor.md: the agent whose scores rise alarms, and is named."""
    text = (Path(__file__).parents[2] / "docs" / "monitor.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    runs = np.arange(150)
    names = {
        "agents": np.tile(["good", "bad"], 150),
        "runs": np.repeat(runs, 2),
        "scores": np.stack(
            [runs * 37 % 101, np.where(runs < 120, runs * 37 % 101, runs)]
        ).T.ravel(),
    }
    exec(compile(block, "monitor.md", "exec"), names)
    assert "['bad']" in capsys.readouterr().out
