"""The OpenAPI description as a page of its own: nothing is loaded from anywhere."""

import json
from html import escape
from typing import Any

__all__ = ["docs_page"]

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;"
    "color-scheme:light dark}code,pre{font-family:ui-monospace,monospace;font-size:.9rem}"
    "pre{overflow:auto;padding:.5rem;border:1px solid}section{border-top:1px solid;margin-top:1rem}"
    "table{border-collapse:collapse}td,th{padding:.1rem .8rem .1rem 0;text-align:left}"
)


def docs_page(description: dict[str, Any]) -> str:
    """Return the page (HTML) of an OpenAPI description."""
    about = description["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width,initial-scale=1'>",
        f"<title>{escape(about['title'])}: API</title><style>{_STYLE}</style><main>",
        f"<h1>{escape(about['title'])} {escape(about['version'])}</h1>",
        f"<p>{escape(about['description'])}</p>",
        "<p>For programs: <a href=/openapi.json>/openapi.json</a>.</p>",
    ]
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            parts.append(_route(path, method, route))
    return "".join(parts) + "</main></html>"


def _route(path: str, method: str, route: dict[str, Any]) -> str:
    parts = [
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>",
        *(f"<p>{escape(one)}</p>" for one in route.get("description", "").split("\n\n")),
    ]
    given = route.get("parameters", [])
    if given:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}"
            f"<td><code>{escape(json.dumps(one.get('schema', {})))}</code>"
            for one in given
        )
        parts.append(f"<table><tr><th>parameter<th>in<th>schema{rows}</table>")
    for kind, one in route.get("requestBody", {}).get("content", {}).items():
        body = escape(json.dumps(one.get("schema", {}), indent=1))
        parts.append(f"<p>Body, <code>{escape(kind)}</code>:</p><pre tabindex=0>{body}</pre>")
    return "".join(parts) + "</section>"
