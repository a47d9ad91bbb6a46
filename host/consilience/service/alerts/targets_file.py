"""The file that names who is told of alarms."""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.service.alerts.alertmanager import Alertmanager
from consilience.service.alerts.http_post import HttpPost, checked_url
from consilience.service.alerts.signature import Signer
from consilience.service.alerts.target import Target
from consilience.service.alerts.target_secret import Secret
from consilience.service.alerts.webhook import Webhook

__all__ = ["read_targets"]

_SHARED = {"name", "url", "url_file", "url_env", "authorization_file", "authorization_env"}
_FIELDS = {
    "webhook": _SHARED | {"ca_file", "secret", "secret_file", "secret_env"},
    "alertmanager": _SHARED | {"ca_file", "labels"},
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OURS = {"alertname", "service", "kind", "alarm", "agent", "run"}


def read_targets(
    path: Path, deployment: str, clock: Callable[[], int], page: str | None = None
) -> list[Target]:
    """Return the targets of a TOML file: tables ``[[webhook]]`` and ``[[alertmanager]]``.

    Its key `service` is the name of the service in what it tells.

    Parameters
    ----------
    path : Path
    deployment : str
        The service's name, if the file gives it none.
    clock : callable
        Milliseconds UTC.
    page : str, optional
        Address of the service's own page.

    Raises
    ------
    BadInput
        It cannot be read, or a table is wrong; the message names it and holds no secret.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: is no TOML ({error})") from None
    service = tables.pop("service", deployment)
    if not isinstance(service, str) or not service.strip():
        raise BadInput(f"{path}: service is a text: the name that people know it by")
    if unknown := sorted(tables.keys() - _FIELDS.keys()):
        raise BadInput(f"{path}: {unknown[0]} is no kind of target; there are {', '.join(_FIELDS)}")
    found: list[Target] = []
    for kind, entries in tables.items():
        if not isinstance(entries, list):
            raise BadInput(f"{path}: write [[{kind}]] with two brackets: there may be several")
        for entry in entries:
            where = f"{path}: {kind} {entry.get('name', '(without a name)')}"
            found.append(_target(kind, entry, where, service, clock, page))
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"{path}: two targets are called {twice[0]}; what was told is kept by name")
    if not found:
        raise BadInput(f"{path}: names no target; add a [[webhook]] or an [[alertmanager]]")
    return found


def _target(
    kind: str,
    entry: Mapping[str, Any],
    where: str,
    service: str,
    clock: Callable[[], int],
    page: str | None,
) -> Target:
    if unknown := sorted(entry.keys() - _FIELDS[kind]):
        raise BadInput(
            f"{where}: {unknown[0]} is no field; there are {', '.join(sorted(_FIELDS[kind]))}"
        )
    name = str(entry.get("name", ""))
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{where}: give a name of letters, digits, dots and dashes, 40 at the most: what was "
            "told is kept by it"
        )
    url = _url(entry, where)
    headers = {}
    if (authorization := Secret.of(entry, "authorization", where)) is not None:
        if not authorization.value.isascii() or not authorization.value.isprintable():
            raise BadInput(f"{where}: {authorization.source} is no header: one line of ASCII")
        headers["authorization"] = authorization.value
    ca = Path(str(entry["ca_file"])) if "ca_file" in entry else None
    if kind == "alertmanager":
        base = url.rstrip("/").removesuffix("/api/v2/alerts").rstrip("/")
        post = HttpPost(f"{base}/api/v2/alerts", headers, ca)
        labels = _labels(entry.get("labels", {}), where)
        return Alertmanager(name, post, labels, service, clock, page)
    secret = Secret.of(entry, "secret", where)
    if secret is None:
        raise BadInput(f"{where}: give secret_file or secret_env: what is sent is signed with it")
    return Webhook(name, HttpPost(url, headers, ca), Signer.of(secret), service, clock)


def _url(entry: Mapping[str, Any], where: str) -> str:
    """Return the address, which may be a secret of its own."""
    kept = Secret.of({key: value for key, value in entry.items() if key != "url"}, "url", where)
    if (kept is None) == ("url" not in entry):
        raise BadInput(f"{where}: give one of url, url_file and url_env")
    return checked_url(str(entry["url"]) if kept is None else kept.value, where)


def _labels(labels: object, where: str) -> dict[str, str]:
    if not isinstance(labels, dict):
        raise BadInput(f'{where}: labels are a table, as {{ severity = "page" }}')
    for name, value in labels.items():
        if not _LABEL.fullmatch(name) or not isinstance(value, str) or not value:
            raise BadInput(f"{where}: label {name}: a name of letters, digits and _, and a text")
        if name in _OURS:
            raise BadInput(f"{where}: label {name} is set by the service; choose another name")
    return dict(labels)
