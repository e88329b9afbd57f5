"""Wait for a moment at which the machine does nothing else."""

import time

import psutil

BUSY_PERCENT = 12.0
"""Of all cores: more than an idle desktop needs."""
LOOK_S, PATIENCE_S = 0.25, 8.0


def wait_for_quiet(patience_s: float = PATIENCE_S) -> bool:
    """Whether it became quiet in time; measured either way, since ratios of neighbours are kept."""
    until = time.monotonic() + patience_s
    while psutil.cpu_percent(LOOK_S) > BUSY_PERCENT:
        if time.monotonic() > until:
            return False
    return True
