"""Devices by their names: the pinned digest in each answer, an error for what is not there."""

import numpy as np
import pytest

from consilience.devices.cpu import CpuDevice
from consilience_sim.reference.vectors import SHORT_DIGEST


@pytest.fixture
def asked(start):
    return start(None, devices={"here": "cpu", "gone": "socket://127.0.0.1:1"})


def test_each_answer_bears_the_digest_that_all_share(asked):
    for found in (
        asked.ask("POST", "/v1/validate?backend=here"),
        asked.ask("POST", "/v1/benchmark?backend=here"),
    ):
        assert found.status_code == 200, found.text
        assert found.headers["consilience-digest"] == found.json()["digest"] == SHORT_DIGEST
    assert found.json()["codes_per_second"] > 0


@pytest.mark.parametrize("path", ["/v1/validate?backend=", "/v1/benchmark?backend="])
def test_what_is_not_there_is_an_error_and_no_other_device_is_taken(asked, path):
    unknown = asked.ask("POST", f"{path}cpu")
    assert unknown.status_code == 404
    assert unknown.json()["detail"] == "backend 'cpu' was not configured; there is here, gone"
    gone = asked.ask("POST", f"{path}gone")
    assert gone.status_code == 503
    assert gone.json()["detail"].startswith("backend 'gone': ")
    assert asked.ask("POST", "/v1/validate").status_code == 503


def test_a_device_with_other_bits_is_found_out(asked, monkeypatch):
    right = CpuDevice.reduce_with_status

    def wrong(self, codes, offsets):
        results, status = right(self, codes, offsets)
        return results + (np.arange(len(results)) == 7), status

    monkeypatch.setattr(CpuDevice, "reduce_with_status", wrong)
    found = asked.ask("POST", "/v1/validate?backend=here")
    assert (found.status_code, found.json()["type"]) == (502, "urn:consilience:problem:mismatch")
    assert "take it out of service" in found.json()["detail"]


def test_claims_of_a_device_are_tested_and_a_fault_that_the_digest_misses_is_found(
    asked, monkeypatch
):
    where = "/v1/validate?backend=here&claims=correctness.million-points,liars"
    found = asked.ask("POST", where)
    assert found.status_code == 200, found.text
    claims = found.json()["backends"][0]["claims"]
    names = ["correctness.million-points.backend-here", "liars.guarantees.backend-here"]
    assert [one["name"] for one in claims] == names
    assert [one["verdict"] for one in claims] == ["pass", "pass"]
    unknown = asked.ask("POST", "/v1/validate?backend=here&claims=nothing")
    assert unknown.status_code == 422
    assert "there are correctness.digest, correctness.million-points" in unknown.json()["detail"]

    right = CpuDevice.robust_scan

    def generous(self, ratios, faulty, clip, threshold):
        return right(self, ratios, max(0, faulty - 1), clip, threshold)

    monkeypatch.setattr(CpuDevice, "robust_scan", generous)
    found = asked.ask("POST", where)
    assert found.status_code == 502
    assert "claim liars.guarantees.backend-here fails: broken: G1" in found.json()["detail"]


def test_without_devices_the_cure_is_named(start):
    for path in ("/v1/validate", "/v1/benchmark?backend=x"):
        found = start(None).ask("POST", path)
        assert found.status_code == 404
        assert "--device NAME=URL" in found.json()["detail"]


def test_devices_say_what_they_are_and_why_they_failed(asked):
    here, gone = asked.get("/v1/devices")["devices"]
    assert (here["state"], here["counters"], gone["asked_ms"]) == ("not asked", {}, None)
    asked.ask("POST", "/v1/validate?backend=here")
    asked.ask("POST", "/v1/validate?backend=gone")
    here, gone = asked.get("/v1/devices")["devices"]
    assert (here["state"], here["digest"], here["board"]) == ("agrees", SHORT_DIGEST, "cpu")
    assert here["counters"] and here["requests"]["ok"] == 1 and here["asked_ms"]
    assert gone["state"] == "failed" and "127.0.0.1:1" in gone["reason"]
    assert gone["requests"] == {"ok": 0, "mismatch": 0, "failed": 1}
