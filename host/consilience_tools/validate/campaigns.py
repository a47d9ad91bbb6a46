"""Campaigns of hours: whether their pages are of this code, and runs of them at --full."""

import subprocess
import sys
from functools import partial

from consilience.validate.bench import Bench
from consilience.validate.claim import Claim
from consilience.validate.finding import Finding, NotRun, Scale
from consilience_tools.pages.stamp import ROOT, page_stamp, pages

__all__ = ["claims"]

_RUN = {
    "partition.campaign": ("partition", "reads at 100 nodes whose network is cut in eleven ways"),
    "durability.campaign": ("crash", "a million crashes of a disk that fails"),
    "link.campaign": ("fire", "a million damaged bytes on the link"),
    "liars.campaign": ("robust", "a million trials of liars against all guarantees"),
    "promise.campaign": ("monitor", "agents that behave, in 324 settings"),
    "correctness.campaign": ("verify", "exhaustion, orders, netlists and proofs"),
    "quality.mutants": ("mutations", "planted and random faults, each of which a test notices"),
}


def claims(scale: Scale) -> list[Claim]:
    """Return a claim for each campaign, and one for each page that a campaign has written."""
    cost = 3_600.0 if scale is Scale.FULL else 0.1
    made = [
        Claim(name, f"the campaign passes: {what}", partial(_run, campaign=campaign), cost)
        for name, (campaign, what) in _RUN.items()
    ]
    return made + [
        Claim(
            f"quality.page.{page.removesuffix('.md')}",
            f"what docs/{page} says was found by a run of the code as it is now, and held",
            partial(_quoted, page=page),
            0.5,
        )
        for page in (pages() if (ROOT / "docs" / "pages.toml").is_file() else ())
    ]


def _run(bench: Bench, campaign: str) -> Finding:
    if not (ROOT / "tests" / "campaigns" / campaign).is_dir():
        raise NotRun(
            "needs a checkout: this is a wheel, without campaigns; in a checkout: make setup, "
            ".venv/bin/consilience"
        )
    if bench.scale is not Scale.FULL:
        raise NotRun(f"takes long: run `python -m tests.campaigns.{campaign}`, or give --full")
    done = subprocess.run(
        [sys.executable, "-m", f"tests.campaigns.{campaign}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    last = (done.stdout + done.stderr).strip().splitlines()
    return Finding(
        f"python -m tests.campaigns.{campaign}",
        1,
        int(done.returncode != 0),
        worst=f"exit code {done.returncode}",
        bound="exit code 0",
        measured={"last line": last[-1] if last else ""},
    )


def _quoted(bench: Bench, page: str) -> Finding:
    origin = pages()[page]
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    made = page_stamp(text)
    if made is None:
        raise NotRun(f"docs/{page} bears no stamp; `{origin.command}` writes it")
    if made.code != origin.digest():
        raise NotRun(
            f"docs/{page} was made at {made.commit}, and its code has changed since: "
            f"`{origin.command}` writes it again"
        )
    return Finding(
        f"docs/{page}, made at commit {made.commit} by `{origin.command}`",
        1,
        int(bool(unsaid := origin.unsaid(text))),
        worst=f"code {made.code}" + "".join(f", does not say `{one}`" for one in unsaid),
        bound=f"code {origin.digest()}",
    )
