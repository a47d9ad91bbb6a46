"""Requests in flight on a network that loses some."""

import math

from consilience.link.pacing import Pacing


def test_credits_alone_limit_until_something_is_lost():
    pacing = Pacing()
    pacing.answered(100)
    pacing.lost(0.0)  # nobody knows what would be enough
    assert pacing.most == math.inf


def test_a_loss_takes_the_queue_away_and_each_window_gives_one_back():
    pacing = Pacing()
    pacing.lost(8.0)
    assert pacing.most == 12
    pacing.answered(12)
    assert pacing.most == 13
    pacing.lost(20.0)
    assert pacing.most == 13, "a loss never gives more"
    pacing.lost(0.1)
    assert 2 <= pacing.most < 3
