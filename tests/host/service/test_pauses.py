"""Collections of garbage come when they are due, and then free what lives in circles."""

import gc
import subprocess
import sys
import weakref

from consilience.service.pauses import Collections


class Circle:
    def __init__(self):
        self.self = self


def test_circles_are_freed_each_minute_and_old_ones_every_fifteen(request):
    request.addfinalizer(gc.unfreeze)
    now = [0.0]
    collections = Collections(lambda: now[0])
    gc.collect()
    new, old = Circle(), Circle()
    gc.collect()  # both are in the oldest generation now
    of_new, of_old = weakref.ref(new), weakref.ref(old)
    del new
    now[0] = 59.0
    collections.turn()
    assert of_new() is not None
    now[0] = 60.0
    collections.turn()
    assert of_new() is None
    del old  # it was frozen
    now[0] = 120.0
    collections.turn()
    assert of_old() is not None
    now[0] = 900.0
    collections.turn()
    assert of_old() is None


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
