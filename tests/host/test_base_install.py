"""What a user of the library alone need not have: `import consilience` and cpu do without it."""

import subprocess
import sys

WITHOUT_TOOLS = """
import sys

class Blocked:
    @staticmethod
    def find_spec(name, path=None, target=None):
        first = name.partition(".")[0]
        missing = ("amaranth", "cobs", "jinja2", "matplotlib", "mpmath", "serial", "sklearn")
        if first in missing or first.startswith(("amaranth_", "yowasp")):
            raise ModuleNotFoundError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked)

import numpy as np
import consilience as cs

codes = cs.to_codes([-1.0, -2.0, -3.0])
with cs.open("cpu") as device, device.live() as live:
    assert device.reduce(codes)[0] == cs.LogSum.of(codes).code
    assert device.posterior(codes.reshape(1, 3), ["a"], codes).ids == ["a"]
    assert len(device.leave_one_out(codes)) == 3
    assert live.enter([1, 2, 3], codes).codes[-1] == device.reduce(codes)[0]
    assert device.robust(np.ones(4, np.int32), 1, 1 << 16).trimmed_count == 2
    assert device.info.url == "cpu"
try:
    cs.open(sys.argv[1])
except ModuleNotFoundError as error:
    print(error)
"""


def needed_by(url):
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TOOLS, url], capture_output=True, text=True, check=True
    )
    return run.stdout


def test_the_cpu_needs_no_tool_chain_and_others_what_they_are_made_of():
    assert needed_by("sim") == "cobs is blocked\n"
    assert needed_by("serial:///dev/ttyUSB1") == "serial is blocked\n"
    assert needed_by("socket://127.0.0.1:1") == "cobs is blocked\n"
    assert needed_by("cpu") == ""
