"""docs/verification.md from a run's verify.json: what was measured."""

from pathlib import Path
from typing import Any

from consilience_tools.pages.stamp import stamped

__all__ = ["PAGE", "verdict_of", "write_page"]

PAGE = "verification.md"


def verdict_of(value: dict[str, Any]) -> str:
    """Return what a run says in a line: whether all claims hold, and how many were not tried."""
    verdict = "every claim holds" if value["holds"] else "NOT every claim holds"
    if missing := sum(len(step["not_run"]) for step in value["steps"]):
        verdict += f", {missing} NOT RUN"
    return verdict


def write_page(value: dict[str, Any], path: Path) -> None:
    """Write the page of one run."""
    environment = value["environment"]
    steps = ", ".join(step["name"] for step in value["steps"])
    seconds, verdict = value["seconds"], verdict_of(value)
    lines = [
        "# Verification",
        "",
        "<!-- Written by `make verify` (`--page`) from build/verify/verify.json; run it again. -->",
        "",
        f"What `make verify` found, in {seconds} s of steps, two at a time: {verdict}.",
        f"Steps: {steps}. A claim with no case would count as failed.",
    ]
    for step in value["steps"]:
        lines += ["", f"## {step['title']}", ""]
        lines += ["| | claim | cases | worst measured | bound |", "|---|---|---|---|---|"]
        for claim in step["claims"]:
            mark = "holds" if claim["cases"] and not claim["failures"] else "**fails**"
            text = claim["text"] + (f" ({claim['detail']})" if claim["detail"] else "")
            cells = (mark, text, f"{claim['cases']:,}", claim["measured"], claim["bound"])
            lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        for name, why in step["not_run"].items():
            lines.append(f"| NOT RUN | the test {name} | 0 | | {why} |")
        if step["digests"]:
            lines += ["", "| digest of | SHA-256 |", "|---|---|"]
            lines += [f"| {name} | `{digest}` |" for name, digest in step["digests"].items()]
        if step["seeds"]:
            seeds = ", ".join(f"{name} {seed}" for name, seed in step["seeds"].items())
            lines += ["", f"Seeds: {seeds}. Time: {step['seconds']} s."]
    tools = ", ".join(f"{name} {version}" for name, version in environment.items())
    lines += ["", "## With", "", tools + ".", ""]
    path.write_text(stamped("\n".join(lines), PAGE), encoding="utf-8")
