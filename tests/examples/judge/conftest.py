"""A judge with the smallest chains, fitted once; files of runs made of the bundled one."""

import numpy as np
import pytest

from examples.agent_traces.judge.call_ratios import JudgeConfig
from examples.agent_traces.judge.fitting import fit_judge
from examples.agent_traces.traces import DATA, Traces

SMALL = JudgeConfig((0, 1), 0.3, 0.3)


@pytest.fixture(scope="session")
def traces():
    return Traces.load()


@pytest.fixture(scope="session")
def judge(traces):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("examples.agent_traces.judge.fitting._ROUNDS", 1)
        return fit_judge(traces, SMALL)


@pytest.fixture
def write_file(tmp_path):
    """Write chosen runs of the bundled file, in an order, with some arrays replaced."""

    def write(runs, **replaced):
        with np.load(DATA) as file:
            arrays = dict(file)
        indptr = arrays["indptr"]
        places = np.concatenate([np.arange(indptr[r], indptr[r + 1]) for r in runs])
        count = len(indptr) - 1
        for name in ("tool", "tool_error"):
            arrays[name] = arrays[name][places]
        for name, array in arrays.items():
            if array.shape == (count,) and not name.endswith("_names"):
                arrays[name] = array[runs]
        arrays["indptr"] = np.concatenate([[0], np.cumsum(np.diff(indptr)[runs])])
        arrays |= {
            name: change(arrays[name]) if callable(change) else change
            for name, change in replaced.items()
        }
        path = tmp_path / "given.npz"
        np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
        return path

    return write
