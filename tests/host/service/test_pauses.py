"""Full collections of garbage come when they are due, and then free what lives in circles."""

import gc
import subprocess
import sys
import weakref

from consilience.service.pauses import FullCollections


class Circle:
    def __init__(self):
        self.self = self


def test_circles_are_freed_every_fifteen_minutes():
    now = [0.0]
    collections = FullCollections(lambda: now[0])
    gc.collect()
    circle = Circle()
    gc.collect()  # it is old now
    found = weakref.ref(circle)
    del circle
    now[0] = 899.0
    collections.turn()
    assert found() is not None
    now[0] = 900.0
    collections.turn()
    assert found() is None


def test_the_program_collects_young_garbage_alone_and_threads_give_way_soon():
    program = """
import gc, sys
from consilience.service.pauses import short_pauses
short_pauses()
full = gc.get_stats()[2]["collections"]
kept = [[n] for n in range(500_000)]
assert gc.get_stats()[2]["collections"] == full and gc.get_stats()[0]["collections"] > 100
assert sys.getswitchinterval() < 0.001
"""
    subprocess.run([sys.executable, "-c", program], check=True)
