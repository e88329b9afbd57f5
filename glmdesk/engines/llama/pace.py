"""How much of a prompt is read in one step, and when: all the time, or as others can wait. Pure."""

PATIENCE_S = 0.25
"""How long the other chats may wait for one step of reading."""
SMALLEST, FIRST = 32, 128
REST = 0.5
"""How long the others go on alone after a step of reading, as a share of the time it took."""


class Pace:
    """Learns how long a row takes from the steps that are told."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._seconds_per_row = 0.0
        self._rest_until = 0.0

    def learn(self, rows: int, seconds: float) -> None:
        """A step of `rows` took `seconds`; steps of a few rows say little of reading."""
        if rows < SMALLEST:
            return
        seen = seconds / rows
        known = self._seconds_per_row
        self._seconds_per_row = 0.7 * known + 0.3 * seen if known else seen

    def rest(self, now: float, seconds: float) -> None:
        """A step of reading ended `now`, and others waited for it."""
        self._rest_until = now + REST * seconds

    def may_read(self, now: float) -> bool:
        """Whether the others had their time."""
        return now >= self._rest_until

    def rows(self, *, alone: bool) -> int:
        """Rows for the next step; `alone`: nobody waits for it."""
        if alone:
            return self._largest
        if not self._seconds_per_row:
            return FIRST
        return max(SMALLEST, min(self._largest, int(PATIENCE_S / self._seconds_per_row)))
