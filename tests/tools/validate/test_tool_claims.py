"""Claims of the tool chain: planted faults are found, and what is missing is NOT RUN."""

import pytest

from consilience.validate.bench import CPU, Bench, Options
from consilience.validate.finding import Scale, Verdict
from consilience.validate.running import run_one
from consilience_tools.pages.stamp import page_stamp
from consilience_tools.validate import campaigns, dependencies, quality
from consilience_tools.validate.catalogue import claims

CLAIMS = {one.name: one for one in claims(Options(Scale.QUICK, (CPU,)))}


def outcome(name, scale=Scale.QUICK):
    with Bench(Options(scale, (CPU,))) as bench:
        return run_one(CLAIMS[name], bench)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a checkout with one good file in each folder."""
    for module in (quality, dependencies, campaigns):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    for folder in (*quality.FOLDERS, "tests", "examples", "docs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "good.py").write_text('"""Good."""\n')
    (tmp_path / "requirements.lock").write_text("a==1 \\\n    --hash=sha256:00\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("quality.lint", '"""Bad."""\n\nimport os\n'),
        ("quality.docs", '"""Bad."""\n__all__ = ["f"]\ndef f(): pass\n'),
        (
            "quality.docs",
            '"""Bad."""\n__all__ = ["P"]\nclass P:\n  "P."\n  def m(self): 1\n',
        ),
        ("quality.docs", "import this\n"),
    ],
)
def test_a_fault_in_a_file_is_found(checkout, name, fault):
    assert outcome(name).verdict is Verdict.PASS
    (checkout / "host" / "bad.py").write_text(fault)
    found = outcome(name)
    assert (found.verdict, found.finding.failures) == (Verdict.FAIL, 1)
    assert "bad" in found.finding.worst


@pytest.mark.parametrize("entry", ["b==2\n", "c>=3 \\\n    --hash=sha256:00\n"])
def test_what_is_not_locked_is_found(checkout, entry):
    lock = checkout / "requirements.lock"
    assert outcome("security.lock").verdict is Verdict.PASS
    lock.write_text(lock.read_text() + entry)
    assert outcome("security.lock").finding.failures == 1


def test_without_a_checkout_nothing_of_it_is_claimed(tmp_path, monkeypatch):
    for module in (quality, dependencies, campaigns):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("quality.lint", "quality.docs", "security.lock", "partition.campaign"):
        found = outcome(name)
        assert found.verdict is Verdict.NOT_RUN
        assert "needs a checkout" in found.reason


def test_the_code_here_keeps_them():
    for name in ("quality.docs", "security.lock"):
        assert outcome(name).verdict is Verdict.PASS


def test_campaigns_and_pages_that_are_older_say_so(monkeypatch):
    found = outcome("partition.campaign")
    assert (found.verdict, "tests.campaigns.partition" in found.reason) == (Verdict.NOT_RUN, True)
    name = next(one for one in CLAIMS if one.startswith("quality.page."))
    code = campaigns.pages()[name.removeprefix("quality.page.") + ".md"].digest()
    for made_of, verdict in ((code, Verdict.PASS), ("0" * 16, Verdict.NOT_RUN)):
        text = f"Made at commit abc of code {made_of}.\n\n"
        stamp = page_stamp(text)
        monkeypatch.setattr(campaigns, "page_stamp", lambda _, stamp=stamp: stamp)
        assert outcome(name).verdict is verdict
