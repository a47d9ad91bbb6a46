"""A CPU in a LiteX SoC sums by the exported core; the parts of its program by themselves."""

import hashlib
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from examples.litex_soc.program import packets_header
from tests.campaigns.verify.digests import SHORT_DIGEST

EXAMPLE = Path("examples/litex_soc")


@pytest.mark.slow
def test_the_cpu_prints_the_pinned_digest(tmp_path, record_property):
    if find_spec("litex") is None:
        pytest.skip("LiteX is not installed")
    command = [sys.executable, "-m", "examples.litex_soc", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert SHORT_DIGEST in lines
    assert lines[-1] == "the digest of 2,000 packets is that of the golden model"
    record_property("claim", "a CPU in a LiteX SoC prints the short digest of the exported core")
    record_property("cases", 2_000)


def test_without_litex_it_says_what_to_install(capsys, monkeypatch):
    from examples.litex_soc import __main__ as example

    monkeypatch.setattr(example, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["litex_soc"])
    assert example.main() == 3
    assert "pip install -r examples/litex_soc/requirements.txt" in capsys.readouterr().err


def test_sha256(tmp_path):
    """The program's own, against Python's: all lengths around a block, in pieces."""
    main = tmp_path / "main.cc"
    main.write_text(
        '#include <stdio.h>\n#include "sha256.h"\n'
        "int main(void) { static uint8_t in[65536]; uint8_t out[32]; struct sha256 sha;\n"
        "  uint32_t n = fread(in, 1, sizeof in, stdin), half = n / 3;\n"
        "  sha256_begin(&sha); sha256_add(&sha, in, half); sha256_add(&sha, in + half, n - half);\n"
        "  sha256_end(&sha, out); fwrite(out, 1, 32, stdout); return 0; }\n"
    )
    program = tmp_path / "sha"
    sources = [str(main), str(EXAMPLE / "program/sha256.c")]
    flags = ["-Wall", "-Wextra", "-Werror", f"-I{EXAMPLE / 'program'}"]
    subprocess.run(["g++", *flags, *sources, "-o", str(program)], check=True)
    choose = random.Random(1)
    for length in (0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 16_000):
        data = choose.randbytes(length)
        done = subprocess.run([str(program)], input=data, capture_output=True, check=True)
        assert done.stdout == hashlib.sha256(data).digest(), length


def test_packets_as_c():
    codes = np.array([0, -1, -(1 << 31), (1 << 31) - 1], np.int32)
    text = packets_header(codes, np.array([0, 0, 3, 4]))
    assert "#define PACKETS 3u" in text
    assert "packet_lengths[] = {0, 3, 1};" in text
    assert "packet_words[] = {0x00000000, 0xffffffff, 0x80000000, 0x7fffffff};" in text
