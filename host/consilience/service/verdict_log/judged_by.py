"""By what the records of a service were judged: options, and the file that they name by hash."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from consilience.errors import BadInput
from consilience.monitor.source_file import FrozenSource, read_source
from consilience.monitor.watch_options import WatchOptions

__all__ = ["judged_by"]


def judged_by(facts: dict[str, Any], source: Path | None) -> tuple[WatchOptions, Path | None]:
    """Return the options of a snapshot, and the model that scored its traces; None: none did.

    Parameters
    ----------
    facts : dict
        Of the snapshot.
    source : Path or None
        The file that the service was given as --frozen or --model; the state has its hash alone.

    Raises
    ------
    BadInput
        It is missing, another, or of no use.
    """
    options = dict(facts["options"])
    digest, model = options.pop("source"), facts["model"]
    if not digest and not model:
        if source is not None:
            raise BadInput(f"--source {source}: the service has neither --frozen nor --model")
        return WatchOptions(**options), None
    option = "--frozen" if digest else "--model"
    if source is None:
        raise BadInput(
            f"the service judges by {option}, of whose file the state has the hash alone; give "
            "it: --source FILE; or export the proofs alone, without --records"
        )
    if not digest:
        if not source.is_file() or sha256(source.read_bytes()).hexdigest() != model:
            raise BadInput(f"--source {source}: is not the file that the service has as --model")
        return WatchOptions(**options), source
    table = read_source(source)
    if not isinstance(table, FrozenSource) or table.digest != digest:
        raise BadInput(f"--source {source}: is not the file that the service has as --frozen")
    return WatchOptions(**options, source=table), None
