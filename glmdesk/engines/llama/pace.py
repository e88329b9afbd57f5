"""How much of a prompt is read in one step: all a batch holds, or what others can wait for. Pure."""

PATIENCE_S = 0.25
"""How long the other chats may wait for one step of reading."""
SMALLEST, FIRST = 32, 128


class Pace:
    """Learns how long a row takes from the steps that are told."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._seconds_per_row = 0.0

    def learn(self, rows: int, seconds: float) -> None:
        """A step of `rows` took `seconds`; steps of a few rows say little of reading."""
        if rows < SMALLEST:
            return
        seen = seconds / rows
        known = self._seconds_per_row
        self._seconds_per_row = 0.7 * known + 0.3 * seen if known else seen

    def rows(self, *, alone: bool) -> int:
        """Rows for the next step; `alone`: nobody waits for it."""
        if alone:
            return self._largest
        if not self._seconds_per_row:
            return FIRST
        return max(SMALLEST, min(self._largest, int(PATIENCE_S / self._seconds_per_row)))
