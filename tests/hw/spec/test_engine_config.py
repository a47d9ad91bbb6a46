"""`EngineConfig`: what is refused, the words of HELLO, and the build hash."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import consilience_hw
from consilience_hw.spec.engine_config import EngineConfig
from consilience_hw.spec.link_map import ABI, MAGIC, BoardId, Feature
from consilience_hw.spec.log_format import Q16_16, LogFormat


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lanes": 0}, r"lanes must be in 1..64, not 0"),
        ({"lanes": 65}, r"lanes must be in 1..64, not 65"),
        ({"hypotheses": 1}, r"hypotheses must be in 2..16, or 0 for no POSTERIOR, not 1"),
        ({"hypotheses": 17}, "not 17"),
        ({"hypotheses": 0}, "weights=True needs hypotheses"),
        ({"components": 17}, r"components must be in 1..16, or 0 for no MONITOR, not 17"),
        ({"components": -1}, "not -1"),
        ({"live": 2}, "live must be 0 or 1, not 2"),
        ({"robust": -1}, "robust must be 0 or 1, not -1"),
        ({"credits": 24}, r"credits must be a power of two in 2..128, not 24"),
        ({"credits": 1}, "not 1"),
        ({"credits": 256}, "not 256"),
        ({"largest_payload": 252}, r"multiple of 4 in 256..1408, not 252"),
        ({"largest_payload": 1412}, "not 1412"),
        ({"largest_payload": 258}, "not 258"),
        ({"clock_hz": 0}, r"clock_hz must be in 1..2\*\*32 - 1, not 0"),
        ({"version": (0, 1, 256)}, "three numbers in 0..255"),
        ({"version": (0, 1)}, "three numbers"),
    ],
)
def test_refused(options, message):
    with pytest.raises(ValueError, match=message):
        EngineConfig(**options)


def test_words_of_hello():
    config = EngineConfig(
        lanes=8, hypotheses=9, clock_hz=12_000_000, board=BoardId.ULX3S_85F, version=(1, 2, 3)
    )
    build = config.build_hash
    assert config.hello_words(0xABCD) == [
        MAGIC,
        ABI,
        0x010203,
        build & 0xFFFF_FFFF,
        build >> 32,
        BoardId.ULX3S_85F,
        12_000_000,
        Q16_16.identifier,
        8,
        9,
        3,
        1024,
        4,
        0xABCD,
    ]


def test_features():
    assert EngineConfig().features == Feature.POSTERIOR | Feature.WEIGHTS
    assert EngineConfig(weights=False).features == Feature.POSTERIOR
    assert EngineConfig(hypotheses=0, weights=False).features == Feature(0)
    with_all = EngineConfig(components=5, live=True, robust=True)
    assert with_all.features == Feature(31)
    assert with_all.features.names == ("posterior", "weights", "monitor", "live", "robust")
    assert with_all.hello_words(0)[10] == 31 | 5 << 16


def test_every_parameter_changes_the_build_hash():
    changed = [
        {},
        {"fmt": LogFormat(bin_width=16)},
        {"lanes": 2},
        {"hypotheses": 8},
        {"weights": False},
        {"components": 2},
        {"live": True},
        {"robust": True},
        {"serial": True},
        {"credits": 8},
        {"largest_payload": 512},
        {"board": BoardId.CPU},
        {"clock_hz": 1},
        {"version": (9, 9, 9)},
    ]
    hashes = [EngineConfig(**options).build_hash for options in changed]
    assert len(set(hashes)) == len(hashes)
    assert EngineConfig().build_hash == hashes[0]


def test_the_build_hash_is_of_contents_and_not_of_the_place(tmp_path):
    """A copy elsewhere, with other line ends, has the same; one with other contents has not."""

    def hash_of_copy(name, change):
        package = tmp_path / name / "consilience_hw"
        shutil.copytree(Path(consilience_hw.__file__).parent, package)
        shutil.rmtree(package / "__pycache__", ignore_errors=True)
        change(package)
        code = (
            "from consilience_hw.spec.engine_config import EngineConfig as C; print(C().build_hash)"
        )
        answer = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(package.parent)},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(answer.stdout)

    def windows(package):
        for path in package.rglob("*.py"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    def edited(package):
        path = package / "reduction" / "packet_merge.py"
        path.write_text(path.read_text() + "\n# changed\n")

    assert hash_of_copy("windows", windows) == EngineConfig().build_hash
    assert hash_of_copy("edited", edited) != EngineConfig().build_hash
