"""The slots and llama.cpp's cache kept in agreement: what a slot lists is what its sequence holds."""

from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.slots import Slot


class Cache:
    """All slots of one context; together they have its `n_ctx` cells."""

    def __init__(self, model: LlamaModel) -> None:
        self._model = model
        self.slots = [Slot(sequence=number) for number in range(model.n_slots)]
        self._ticks = 0

    @property
    def free(self) -> int:
        """Cells that hold nothing."""
        used = 0
        for slot in self.slots:
            used += slot.cells
        return self._model.n_ctx - used

    def take(self, slot: Slot, conversation: str) -> None:
        """`slot` belongs to a running answer until `release`."""
        self._ticks += 1
        slot.busy, slot.used, slot.conversation = True, self._ticks, conversation

    def release(self, slot: Slot) -> None:
        slot.busy = False

    def keep(self, slot: Slot, count: int) -> int:
        """Cut a slot back to its first `count` items. Gives how many are left: a model with recurrent
        layers can only start again."""
        if count < len(slot.items):
            slot.cut(count)
            self.settle(slot)
        return len(slot.items)

    def settle(self, slot: Slot) -> None:
        """Remove what the sequence holds behind the slot's items, as after an abort."""
        if not self._model.remove(slot.sequence, slot.positions):
            slot.cut(0)

    def clear(self, slot: Slot) -> None:
        """Empty a slot; it then belongs to no chat."""
        self.keep(slot, 0)
        slot.conversation = ""
