"""A log writer that acknowledges a frame before it is on the disk."""

import sys
import time
from pathlib import Path

from consilience.distributed.write_ahead_log import WriteAheadLog
from consilience.validate.log_writer import payload_of

if __name__ == "__main__":
    with WriteAheadLog(Path(sys.argv[1])) as log:
        list(log.replay(1))
        for seq in range(int(sys.argv[2]), 1 << 40):
            print(seq, flush=True)
            time.sleep(0.01)
            log.accept(1, seq, payload_of(seq))
