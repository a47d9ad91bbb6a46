"""``python -m consilience.validate.log_writer DIR FIRST``: frames into a log until it is killed.

Prints the number of each frame once it is acknowledged.
"""

import sys
from pathlib import Path

from consilience.distributed.write_ahead_log import WriteAheadLog

__all__ = ["main", "payload_of"]

_EPOCH = 1
_LARGEST = 300


def payload_of(seq: int) -> bytes:
    """Return the payload of a frame: another for each, of many lengths."""
    return f"frame {seq} ".encode() * (1 + seq * 7 % _LARGEST)


def main() -> None:
    """Write for ever."""
    folder, first = Path(sys.argv[1]), int(sys.argv[2])
    with WriteAheadLog(folder) as log:
        for _ in log.replay(_EPOCH):
            pass
        seq = first
        while True:
            log.accept(_EPOCH, seq, payload_of(seq))
            print(seq, flush=True)
            seq += 1


if __name__ == "__main__":
    main()
