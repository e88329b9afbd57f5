"""Who is asking: the owner of this machine, or a visitor who was let in."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Everything in the store belongs to one `name`."""

    name: str
    kind: Literal["owner", "visitor"]

    @property
    def is_owner(self) -> bool:
        return self.kind == "owner"


OWNER = Identity(name="owner", kind="owner")
