"""A slice of ``make service``: a real process, killed under load, loses and doubles nothing."""

from pathlib import Path

import pytest

from tests.campaigns.service.kills import kill_at_random


@pytest.mark.slow
def test_slice(tmp_path: Path) -> None:
    found = kill_at_random(tmp_path, kills=6, seed=5)
    assert (found.lost, found.twice, found.equal) == (0, 0, True)
    assert found.answered > 0
