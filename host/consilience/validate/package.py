"""An audit package of what was validated: claims, environment, and verdicts to be recomputed.

Beside the claims, which are what the signer says, it holds recorded judgements that `verify.py`
works out again: log sums of the fixed packets, posteriors, robust fusion, and a monitor that
alarms; and those of the user's own file.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from consilience.devices.cpu import CpuDevice
from consilience.errors import BadInput
from consilience.evidence.atomic_file import write_file
from consilience.extras import naming_extras
from consilience.validate.bench import Options
from consilience.validate.claims.million import PRIOR, agent_rows
from consilience.validate.report import document_bytes
from consilience.validate.user_data import Evidence, read_user_data, score_lines
from consilience_sim.reference.vectors import SHORT, split_mix, vector_set

if TYPE_CHECKING:  # they need the package cryptography
    from consilience.audit.package import PackageFacts
    from consilience.audit.session import Session
    from consilience.distributed.epochs.signing import SigningKey

__all__ = ["ORIGIN", "public_key_file", "signing_key", "write_validation"]

ORIGIN = "consilience.validate"
"""Name of log and key in the package's signed notes."""
_NAME = "node-0"
_AGENTS = 5_000
_SEED = 163
_WATCHED, _RUNS, _TURNS = 20, 160, 120
"""Agents of the monitor, their runs, and after which the first of them no longer behaves."""
_ARL = "100000"
"""So rare that whoever reads the package finds the agent that turned bad, and no false alarm."""
_USERS_ROWS = 200_000
"""Of the user's file that are recorded."""


def signing_key(directory: Path, path: Path | None) -> "SigningKey":
    """Return the key that signs a package; made once beside its folder, if none is given.

    Raises
    ------
    BadInput
        The folder of the package is not empty, or there is no such key.
    ToolMissing
        The package cryptography is not installed.
    """
    if directory.exists() and any(directory.iterdir()):
        raise BadInput(
            f"{directory}: is there and not empty; choose another --output-package, or remove it"
        )
    with naming_extras("an audit package"):
        from consilience.distributed.epochs.key_files import (
            PRIVATE,
            make_key_folder,
            read_key,
            write_key_pair,
        )
        from consilience.distributed.epochs.signing import SigningKey
    if path is None:
        folder = directory.with_name(f"{directory.name}.keys")
        path = folder / f"{_NAME}{PRIVATE}"
        if not path.exists():
            make_key_folder(folder)
            write_key_pair(folder, _NAME, SigningKey.generate())
    return read_key(path)


def public_key_file(directory: Path) -> Path:
    """Return the file, beside a package, of the key that it is verified with."""
    return directory.with_name(f"{directory.name}.vkey")


def write_validation(
    directory: Path,
    key: "SigningKey",
    claims: Mapping[str, Any],
    environment: Mapping[str, Any],
    measured: Mapping[str, Any],
    options: Options,
) -> "PackageFacts":
    """Write the package; equal arguments give equal bytes but for ``measured.json``.

    Its date is that of ``SOURCE_DATE_EPOCH``, if there is one.
    """
    from consilience.audit.checkpoint import NoteKey
    from consilience.audit.package import write_package

    write_file(public_key_file(directory), f"{NoteKey(ORIGIN, key.public).text}\n")
    date = os.environ.get("SOURCE_DATE_EPOCH")
    return write_package(
        directory,
        sessions=list(_sessions(options)),
        documents={
            "claims.json": document_bytes(claims),
            "environment.json": document_bytes(environment),
        },
        key=key,
        origin=ORIGIN,
        measured=measured,
        date=int(date) if date else None,
    )


def _sessions(options: Options) -> "Iterator[Session]":
    from consilience.audit.recomputed_sessions import (
        log_sum_session,
        posterior_session,
        robust_session,
    )

    device = CpuDevice()
    codes, offsets = vector_set()
    yield log_sum_session(device, "fixed-packets", codes[: offsets[SHORT]], offsets[: SHORT + 1])
    evidence, agent, weight = agent_rows(0, _AGENTS)
    yield posterior_session(device, "agents", evidence, agent, PRIOR, weight)
    ratios = (split_mix(_SEED, 40 * 20) >> np.uint64(44)).astype(np.int64) - (1 << 19)
    yield robust_session(device, "reporters", list(ratios.reshape(40, 20)), 6, 1 << 17)
    yield _monitored("monitor", _behaviour())
    if options.data is not None:
        data = read_user_data(options.data)
        if isinstance(data, Evidence):
            rows = slice(_USERS_ROWS)
            parts = data.codes[rows], data.agent[rows]
            yield posterior_session(
                device,
                "own-evidence",
                *parts,
                data.prior,
                None if data.weight is None else data.weight[rows],
            )
        else:
            yield _monitored("own-scores", score_lines(options.data)[:_USERS_ROWS])


def _monitored(name: str, lines: "list[tuple[int, bytes]]") -> "Session":
    """Return runs judged as `consilience monitor` does, one false alarm in `_ARL` runs promised."""
    from consilience.audit.watch_record import RecordedWatch
    from consilience.monitor.watch_options import WatchOptions

    watch = RecordedWatch(WatchOptions(arl=_ARL, n0=50), seed=_SEED)
    watch.judge(lines)
    return watch.session(name)


def _behaviour() -> "list[tuple[int, bytes]]":
    """Return lines of runs of agents, of whom the first no longer behaves after some."""
    draws = (split_mix(_SEED + 1, _WATCHED * _RUNS) >> np.uint64(50)).astype(int)
    lines = [b"agent,run,score\n"]
    for number, score in enumerate(draws.tolist()):
        run, agent = divmod(number, _WATCHED)
        bad = agent == 0 and run >= _TURNS
        lines.append(f"agent-{agent},{run},{score + 16_384 * bad}\n".encode())
    return list(enumerate(lines, 1))
