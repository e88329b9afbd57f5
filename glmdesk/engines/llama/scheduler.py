"""One thread owns the context: it gives chats their slots and decodes for all of them, step by step.

A step is one batch: the next token of every answer that is being written, and a piece of a prompt that
is being read; a picture's cells are a batch of their own. An abort hits the whole batch: every sequence
is then cut back to what it surely holds, the cancelled answer ends, the others are decoded again.
"""

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from glmdesk.engines.llama.answering import Answering, Showing
from glmdesk.engines.llama.batch import CellBatch, TokenBatch
from glmdesk.engines.llama.cache import Cache
from glmdesk.engines.llama.context import MICRO_BATCH
from glmdesk.engines.llama.encoder import Encoder
from glmdesk.engines.llama.guesses import Guesses
from glmdesk.engines.llama.model import LlamaModel
from glmdesk.engines.llama.pace import Pace
from glmdesk.engines.llama.rows import Row, put_row
from glmdesk.engines.llama.saver import Saver
from glmdesk.engines.llama.seating import Seating
from glmdesk.engines.llama.vision import Embeddings
from glmdesk.errors import ContextFull, EngineError, GlmdeskError
from glmdesk.messages import Event, Reason

Send = Callable[[int, Sequence[Event]], None]
Fail = Callable[[int, GlmdeskError], None]
Order = Callable[[], None]
NO_ROOM, ABORTED = 1, 2
"""What llama_decode says."""


class Scheduler:
    """Runs answers with one model. Everything but `order`, `cancel` and `close` belongs to its thread."""

    def __init__(
        self, model: LlamaModel, encoder: Encoder | None, saver: Saver, send: Send, fail: Fail
    ) -> None:
        self._model, self._encoder = model, encoder
        self._send, self._fail = send, fail
        self.cache = Cache(model)
        self.seating = Seating(model, self.cache, saver)
        self._guesses = Guesses(model.mtp)
        self._pace = Pace(MICRO_BATCH)
        self._tokens = TokenBatch(MICRO_BATCH)
        self._cells = CellBatch(MICRO_BATCH)
        self._waiting: deque[Answering] = deque()
        self._running: list[Answering] = []
        self._decoding: list[int] = []
        self._turn = threading.Lock()
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._closing = False
        self._cancelled = False
        """One of the answers is."""

    # Called by other threads.

    def order(self, order: Order) -> None:
        """Have `order` called between two steps."""
        self._orders.put(order)

    def wake(self) -> None:
        """Something that was waited for is there."""
        self._orders.put(lambda: None)

    def cancel(self, answer: Answering) -> None:
        """End an answer, in the middle of a decode if need be."""
        with self._turn:
            answer.cancelled = self._cancelled = True
            if answer.job in self._decoding:
                self._model.flag.set()
        self.wake()

    def close(self) -> None:
        """End all answers; `run` then saves what the slots hold and returns."""
        with self._turn:
            self._closing = True
            self._model.flag.set()
        self.wake()

    # The thread itself.

    def add(self, answer: Answering) -> None:
        self._waiting.append(answer)
        if answer.cancelled:
            self._cancelled = True

    def forget(self, conversation: str) -> None:
        """Drop what was read of a chat, in memory and on disk; what is still answered loses its name."""
        for answer in [*self._running, *self._waiting]:
            if answer.conversation == conversation:
                answer.conversation = ""
        self.seating.forget(conversation)

    def run(self) -> None:
        """Until `close`."""
        while not self._closing:
            self.turn()
        for answer in [*self._running, *self._waiting]:
            self._finish(answer, "cancelled")
        self.seating.save_all()

    def turn(self) -> None:
        """Obey, seat and decode once; waits for an order where there is nothing to decode."""
        if not self._orders.empty():
            self._obey()
        if self._cancelled:
            self._end_cancelled()
        self._admit()
        if not (self._closing or self._step()):
            self._obey_one()

    def _obey_one(self) -> None:
        """Nothing can be decoded: wait for an order."""
        self._orders.get()()

    def _obey(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._orders.get_nowait()()

    def _end_cancelled(self) -> None:
        with self._turn:
            self._cancelled = False
        for answer in [*self._running, *self._waiting]:
            if answer.cancelled:
                self._finish(answer, "cancelled")

    def _admit(self) -> None:
        """Give slots to those who wait, in the order they came."""
        while self._waiting and self.seating.seat(self._waiting[0], self._running):
            answer = self._waiting.popleft()
            self._running.append(answer)
            self._flush(answer)

    def _step(self) -> bool:
        """Decode what can be decoded. False when there is nothing."""
        rows = self._gather()
        begun = time.perf_counter()
        if rows:
            self._decode_rows(rows, begun)
        showing = self._next_showing()
        if showing:
            self._decode_cells(*showing)
        return bool(rows) or showing is not None

    def _gather(self) -> list[Row]:
        """Fill the batch: first what is being written, then as much of the prompts as goes."""
        self._tokens.clear()
        writers = [answer for answer in self._running if answer.pending]
        guesses = self._guesses.make(writers, alone=len(self._running) == 1)
        rows = [self._write_row(answer, guesses.get(answer.job, ())) for answer in writers]
        if len(writers) < len(self._running) and self._may_read():
            self._add_reading(rows)
        if self.seating.make_room(self._tokens.count, self._running, self._suspend):
            return rows
        return self._gather()  # somebody gave way

    def _may_read(self) -> bool:
        """Not while others have their time, which they have only where something is written."""
        writing = any(answer.pending for answer in self._running)
        return not writing or self._pace.may_read(time.perf_counter())

    def _add_reading(self, rows: list[Row]) -> None:
        room = min(self._pace.rows(alone=len(self._running) == 1), self._tokens.room)
        for answer in [answer for answer in self._running if answer.is_reading]:
            tokens = answer.next_tokens(room)
            if tokens:
                rows.append(self._read_row(answer, tokens))
                room -= len(tokens)
            if not room:
                break

    def _write_row(self, answer: Answering, drafts: Sequence[int]) -> Row:
        tokens = [*answer.pending, *drafts] if drafts else answer.pending
        return put_row(self._tokens, answer, tokens, outputs=1 + len(drafts), drafts=drafts)

    def _read_row(self, answer: Answering, tokens: list[int]) -> Row:
        last = answer.is_last_run(len(tokens))
        return put_row(self._tokens, answer, tokens, outputs=int(last))

    def _decode(self, answers: Sequence[Answering], batch: object) -> int:
        """llama_decode, which a cancel of one of `answers` aborts."""
        jobs = [answer.job for answer in answers]
        with self._turn:
            if self._closing or self._cancelled:
                return ABORTED
            self._decoding = jobs
            self._model.flag.clear()
        code = self._model.decode(batch)
        with self._turn:
            self._decoding = []
        return code

    def _decode_rows(self, rows: list[Row], begun: float) -> None:
        code = self._decode([row.answer for row in rows], self._tokens.native)
        if code:
            self._reconcile([row.answer for row in rows], code)
            return
        for row in rows:
            self._take_rows(row, begun)
            self._flush(row.answer)
        if any(row.reads for row in rows):
            self._learn_pace(self._tokens.count, begun)

    def _learn_pace(self, count: int, begun: float) -> None:
        now = time.perf_counter()
        self._pace.learn(count, now - begun)
        self._pace.rest(now, now - begun)

    def _take_rows(self, row: Row, begun: float) -> None:
        answer = row.answer
        assert answer.slot is not None
        if row.reads:
            answer.was_read(len(row.tokens))
            if not row.outputs:
                self._guesses.learn(row, 0, 0.0)
                return
            answer.clock.read = answer.clock.read or time.perf_counter()
        else:
            answer.slot.took_tokens(row.tokens)
        try:
            accepted = self._sample(row)
        except GlmdeskError as error:  # a grammar that lets nothing come next, say
            self._give_up(answer, error)
            return
        alone = len(self._running) == 1
        self._guesses.learn(row, accepted, answer.clock.last - begun if alone else 0.0)

    def _sample(self, row: Row) -> int:
        """Take tokens as long as they were guessed right; what was guessed wrong leaves the cache.

        Gives how many guesses were right.
        """
        answer, slot = row.answer, row.answer.slot
        assert slot is not None
        sure = len(slot.items) - len(row.drafts)
        reason: Reason | None = None
        for place in range(row.outputs):
            token = answer.sample(self._model.context, row.first_output + place)
            reason = answer.take(token)
            guessed = place < len(row.drafts) and row.drafts[place] == token
            if reason or not guessed or len(answer.pending) > 1:
                break
            answer.pending = []
        if row.drafts:
            self.cache.keep(slot, sure + place)
        answer.drafted += len(row.drafts)
        answer.accepted += place
        if reason:
            self._finish(answer, reason)
        return place

    def _next_showing(self) -> tuple[Answering, Showing] | None:
        """An answer whose next picture is encoded. The others' pictures are ordered meanwhile."""
        may_read = self._may_read()
        for answer in [answer for answer in self._running if answer.is_reading]:
            showing = answer.next_picture()
            if showing and self._is_encoded(answer, showing) and may_read:
                needed = showing.cells.n_tokens - showing.done
                if self.seating.make_room(needed, self._running, self._suspend):
                    return answer, showing
                return self._next_showing()  # somebody gave way
        return None

    def _is_encoded(self, answer: Answering, showing: Showing) -> bool:
        if showing.embeddings:
            return True
        assert self._encoder is not None
        if not showing.ordered:
            showing.ordered = True
            self._encoder.want(showing.picture)
        outcome = self._encoder.outcome(showing.picture)
        if isinstance(outcome, GlmdeskError):
            self._give_up(answer, outcome)
        elif outcome is not None:
            self._take_embeddings(answer, showing, outcome)
        return showing.embeddings is not None

    def _take_embeddings(self, answer: Answering, showing: Showing, embeddings: Embeddings) -> None:
        if embeddings.causal or embeddings.n_tokens <= MICRO_BATCH:
            showing.embeddings = embeddings
            return
        self._give_up(
            answer,
            EngineError(
                f"This model reads a picture in one piece, of at most {MICRO_BATCH} tokens, and "
                f"{showing.picture.name} takes {embeddings.n_tokens:,}. Nothing is lost; choose a lower "
                "detail."
            ),
        )

    def _decode_cells(self, answer: Answering, showing: Showing) -> None:
        """Decode a piece of a picture, or all of it where its cells must see each other."""
        assert answer.slot is not None
        assert showing.embeddings is not None
        embeddings, slot = showing.embeddings, answer.slot
        start = showing.done
        rows = self._pace.rows(alone=len(self._running) == 1) if embeddings.causal else MICRO_BATCH
        end = min(embeddings.n_tokens, start + rows)
        places = [[slot.positions + at for at in some[start:end]] for some in embeddings.sections]
        self._cells.fill(slot.sequence, embeddings.address(start), places)
        begun = time.perf_counter()
        with self._model.attention(causal=embeddings.causal):
            code = self._decode([answer], self._cells.native)
        if code:
            self._reconcile([answer], code)
            return
        self._learn_pace(end - start, begun)
        showing.done = end
        if end == embeddings.n_tokens:
            self._drop_picture(answer)
            answer.was_read(1)
        self._flush(answer)

    def _drop_picture(self, answer: Answering) -> None:
        showing = answer.showing
        if showing and showing.ordered and self._encoder:
            self._encoder.drop(showing.picture)
            showing.ordered = False

    def _reconcile(self, answers: Sequence[Answering], code: int) -> None:
        """A decode failed: cut every sequence of it back to what it surely holds."""
        for answer in answers:
            self._cut_back(answer)
        if code == ABORTED or self._model.flag.is_set:
            return  # those who were cancelled end before the next step, which decodes the others
        if code == NO_ROOM and self.seating.evict_one():
            return
        failed = answers[-1:] if code == NO_ROOM else answers
        for answer in failed:
            self._give_up(answer, _error(code, self._model.n_ctx))

    def _cut_back(self, answer: Answering) -> None:
        slot = answer.slot
        assert slot is not None
        held = len(slot.items)
        if answer.showing:
            answer.showing.done = 0
        self.cache.settle(slot)
        if len(slot.items) != held:  # recurrent layers: nothing is left, so read it all again
            self._drop_picture(answer)
            answer.begin(slot, len(slot.items))

    def _suspend(self, answer: Answering) -> None:
        """Take the slot of an answer until others are done; it is read again then."""
        self._leave(answer)
        self._flush(answer, now=True)
        answer.suspend()
        self._waiting.appendleft(answer)

    def _leave(self, answer: Answering) -> None:
        """Out of the running ones; the slot keeps what it surely holds. Others may now be seated."""
        self.wake()
        self._drop_picture(answer)
        if answer in self._running:
            self._running.remove(answer)
        if answer in self._waiting:
            self._waiting.remove(answer)
        if answer.slot:
            if answer.in_flight:
                self.cache.settle(answer.slot)
            self.cache.release(answer.slot)

    def _finish(self, answer: Answering, reason: Reason) -> None:
        self._leave(answer)
        answer.finish(reason)
        self._flush(answer)
        answer.close()

    def _give_up(self, answer: Answering, error: GlmdeskError) -> None:
        self._leave(answer)
        answer.events += answer.written.finish(cut=True)
        self._flush(answer, now=True)
        self._fail(answer.job, error)
        answer.close()

    def _flush(self, answer: Answering, *, now: bool = False) -> None:
        if answer.events and (events := answer.outgoing(now=now)):
            self._send(answer.job, events)


def _error(code: int, n_ctx: int) -> EngineError:
    if code == NO_ROOM:
        return ContextFull(
            f"The context of {n_ctx:,} tokens is full. Your chat is safe; start a new one, or set a "
            "larger n_ctx."
        )
    return EngineError(
        f"llama.cpp could not go on (error {code}). The text so far is kept; send again."
    )
