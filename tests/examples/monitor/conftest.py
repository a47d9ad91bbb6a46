"""The score of the fitting families, fitted once."""

import pytest

from examples.agent_traces.monitor.fitting import fit_score
from examples.agent_traces.traces import Traces


@pytest.fixture(scope="session")
def traces():
    return Traces.load()


@pytest.fixture(scope="session")
def score(traces):
    return fit_score(traces)
