"""A log writer that says of every seventh frame that it is on the disk, and does not write it."""

import sys
from pathlib import Path

from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.validate.log_writer import payload_of

if __name__ == "__main__":
    with WriteAheadLog(Path(sys.argv[1])) as log:
        list(log.replay(1))
        for seq in range(int(sys.argv[2]), 1 << 40):
            if seq % 7:
                log.accept(1, seq, payload_of(seq))
            print(seq, flush=True)
