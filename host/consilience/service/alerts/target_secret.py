"""Secrets of targets: read from a file or an environment variable, never shown."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from consilience.errors import BadInput

__all__ = ["Secret"]


@dataclass(frozen=True)
class Secret:
    """A secret, and where it came from, which is what messages name."""

    value: str = field(repr=False)
    source: str

    @classmethod
    def of(cls, table: Mapping[str, object], name: str, where: str) -> "Secret | None":
        """Return the secret of a table's ``NAME_file`` or ``NAME_env``; None if it has neither.

        Raises
        ------
        BadInput
            It is in the table itself, both are given, or what is named is missing or empty.
        """
        if name in table:
            raise BadInput(
                f"{where}: {name} does not belong in the file itself; give {name}_file = the path "
                f"of a file with it, or {name}_env = the name of an environment variable"
            )
        file, variable = table.get(f"{name}_file"), table.get(f"{name}_env")
        if file is not None and variable is not None:
            raise BadInput(f"{where}: {name}_file and {name}_env are both given; give one")
        if file is not None:
            source = str(file)
            try:
                value = Path(source).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "is no text"
                raise BadInput(f"{where}: {name}_file {source}: {why}") from None
        elif variable is not None:
            source = f"${variable}"
            value = os.environ.get(str(variable), "")
        else:
            return None
        if not value.strip():
            raise BadInput(f"{where}: {name}: {source} is empty or not set")
        return cls(value.strip(), source)

    def __str__(self) -> str:
        return f"(secret of {self.source})"
