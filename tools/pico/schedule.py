"""How fast to learn at a moment of training: up over the first steps, then down half a cosine."""

import math


def learning_rate(peak: float, warm: float, done: float, floor: float) -> float:
    """From `peak`; `warm` is the part of the warm-up done, `done` that of the training."""
    falling = 0.5 * (1 + math.cos(math.pi * done))
    return peak * min(1, warm) * (floor + (1 - floor) * falling)
