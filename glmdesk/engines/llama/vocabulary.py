"""Text to token ids and back, with the special tokens of one loaded model."""

import ctypes
import re
from itertools import pairwise

from llama_cpp import llama_cpp as llama

from glmdesk.parsing.stream import MARKERS, THINK_OPEN

STOP_WORDS = (
    "<|endoftext|>", "<|user|>", "<|observation|>", "<|system|>", "<|assistant|>",
    "<|code_middle|>", "<|im_end|>", "<|im_start|>",
)  # fmt: skip
"""Where an answer ends, whatever the file says: GLM-4.6V-Flash does not mark <|observation|>."""


class Vocabulary:
    """The tokenizer of one model. Safe to use from several threads."""

    def __init__(self, model: object) -> None:
        self._vocab = llama.llama_model_get_vocab(model)
        self.size = int(llama.llama_vocab_n_tokens(self._vocab))
        self.bos = self._text_of(int(llama.llama_vocab_bos(self._vocab)))
        self.eos = self._text_of(int(llama.llama_vocab_eos(self._vocab)))
        self._add_bos = bool(llama.llama_vocab_get_add_bos(self._vocab))
        self._shown = {self._single(marker) for marker in MARKERS} - {None}
        stops = {self._single(word) for word in STOP_WORDS}
        self._stops = {token for token in stops if token is not None}
        self._tags = self._find_tags()
        openers = {self._single(text) for text in (THINK_OPEN, "\n", "\n\n", " ")}
        self.openers = frozenset(token for token in openers if token is not None)
        """What may come before it is decided whether the model thinks."""
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}

    def _text_of(self, token: int) -> str:
        text = llama.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
        return (text or b"").decode("utf-8", errors="replace")

    def _single(self, text: str) -> int | None:
        ids = self.tokenize(text, special=True)
        return ids[0] if len(ids) == 1 else None

    def _find_tags(self) -> re.Pattern[str] | None:
        """Tags like <think> and <tool_call>: added to the vocabulary, but not as control tokens."""
        added = (
            self._text_of(token)
            for token in range(self.size)
            if llama.llama_vocab_get_attr(self._vocab, token) & llama.LLAMA_TOKEN_ATTR_USER_DEFINED
        )
        tags = [text for text in added if text.startswith("<") and text.endswith(">")]
        longest_first = sorted(tags, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first))) if tags else None

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Token ids of `text`; with `special`, the names of special tokens become those tokens.

        Without it, not even a tag becomes its token, as it would in llama.cpp: no text may end the
        thinking or begin a tool's answer.
        """
        if special or self._tags is None:
            return self._ids(text, special)
        cuts = [0, *(found.start() + 1 for found in self._tags.finditer(text)), len(text)]
        pieces = (text[start:end] for start, end in pairwise(cuts))
        return [token for piece in pieces for token in self._ids(piece, False)]

    def _ids(self, text: str, special: bool) -> list[int]:
        data = text.encode("utf-8", errors="replace")
        room = len(data) + 8
        ids = (llama.llama_token * room)()
        count = llama.llama_tokenize(self._vocab, data, len(data), ids, room, False, special)
        if count < 0:
            ids = (llama.llama_token * -count)()
            count = llama.llama_tokenize(self._vocab, data, len(data), ids, -count, False, special)
        return list(ids[:count])

    def opening(self, first: int | None) -> list[int]:
        """The begin-of-sequence token, when the model wants one and the template gave none."""
        bos = int(llama.llama_vocab_bos(self._vocab))
        return [bos] if self._add_bos and bos >= 0 and first != bos else []

    def is_stop(self, token: int) -> bool:
        known = self._ends.get(token)
        if known is None:
            ends = token in self._stops or bool(llama.llama_vocab_is_eog(self._vocab, token))
            known = self._ends[token] = ends
        return known

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; control tokens give nothing, thinking and box markers do."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._read_piece(token)
        return known

    def text(self, tokens: tuple[int, ...]) -> str:
        return b"".join(map(self.piece, tokens)).decode("utf-8", errors="replace")

    def _read_piece(self, token: int) -> bytes:
        room = 256
        buffer = ctypes.create_string_buffer(room)
        special = token in self._shown
        length = llama.llama_token_to_piece(self._vocab, token, buffer, room, 0, special)
        if length < 0:
            room = -length
            buffer = ctypes.create_string_buffer(room)
            length = llama.llama_token_to_piece(self._vocab, token, buffer, room, 0, special)
        return buffer.raw[: max(length, 0)]
