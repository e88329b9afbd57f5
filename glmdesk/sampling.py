"""How the next token is chosen: the numbers a person or a model card sets."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Sampling settings; `temperature` 0 means greedy. `seed` None draws one."""

    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    repeat_last_n: int = 64
    """How many of the last tokens the repetition penalty looks at."""
    seed: int | None = None


GREEDY = Sampling(temperature=0.0, top_p=1.0, top_k=0)
