"""The gpu device on numba's simulator, in a process of its own; and where there is no GPU."""

import json
import os
import subprocess
import sys

import pytest

import consilience as cs
from consilience.errors import NoDevice

_SIMULATED = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}


@pytest.mark.slow
def test_the_short_digest_and_drawn_calls_on_the_simulator():
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-m", "tests.gpu"],
        env=_SIMULATED,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["digest"] is True and found["differences"] == []
    assert "not a GPU" in found["card"]


def test_without_a_gpu_there_is_no_device_and_no_other_in_its_place():
    from numba import cuda

    if cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(NoDevice, match="no CUDA GPU answers") as caught:
        cs.open("gpu")
    assert caught.value.exit_code == 4
    done = subprocess.run([sys.executable, "-m", "tests.gpu"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("NOT RUN: gpu")
