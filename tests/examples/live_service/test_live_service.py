"""The example as a user runs it: a real SDK, the real service, a webhook, a browser if any."""

import json

from examples.live_service.__main__ import VICTIM, main
from examples.live_service.browser import chromium


def test_a_hijacked_agent_is_seen_and_told_within_a_second(tmp_path, capsys):
    assert main(["--json", "--out", str(tmp_path / "live")]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (facts["agent"], facts["signatures_refused"]) == (VICTIM, 0)
    assert facts["told_after_s"] < 1
    if chromium() is not None:
        assert facts["seen_after_s"] < 1
        assert (tmp_path / "live" / "fleet.png").stat().st_size > 10_000
