"""What an answer must look like, held against the model's choices: llama.cpp's grammar of one answer."""

import ctypes

import numpy as np
from llama_cpp import llama_cpp as llama
from numpy.typing import NDArray

from glmdesk.engines.base import Request
from glmdesk.engines.llama.gbnf import check_grammar
from glmdesk.engines.llama.schema import schema_grammar
from glmdesk.errors import EngineError

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_START = "glmdesk-start"
_BEFORE = r"[ \t\r\n]{0,8}"
"""White space that a model may write before the answer proper."""


def read_constraint(request: Request, model: object) -> "Constraint | None":
    """What `request` asks for, for a loaded model. Raises EngineError for a schema or grammar that
    is wrong, or too large to be safe."""
    if request.json_schema is not None:
        return Constraint(model, schema_grammar(request.json_schema))
    return Constraint(model, request.grammar) if request.grammar.strip() else None


class Constraint:
    """A grammar and how far an answer has come in it.

    llama.cpp ends the whole process when it is handed a token that the grammar forbids, so nothing
    reaches it unchecked.
    """

    def __init__(self, model: object, grammar: str) -> None:
        check_grammar(grammar)
        text = f"{grammar}\n{_START} ::= {_BEFORE} root\n"
        self._vocab = llama.llama_model_get_vocab(model)
        self._sampler = llama.llama_sampler_init_grammar(
            self._vocab, text.encode("utf-8"), _START.encode("ascii")
        )
        if not self._sampler:
            raise EngineError(
                "llama.cpp does not understand this grammar. Nothing is lost. Check its rules: each "
                "needs a name, ::= and a body, and no rule may begin with itself."
            )

    def allowed(self, ids: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which of these tokens the grammar lets come next."""
        candidates = np.zeros(len(ids), _CANDIDATE)
        candidates["id"] = ids
        array = llama.llama_token_data_array(
            data=ctypes.cast(candidates.ctypes.data, llama.llama_token_data_p),
            size=len(ids),
            selected=-1,
            sorted=False,
        )
        llama.llama_sampler_apply(self._sampler, ctypes.byref(array))
        allowed: NDArray[np.bool_] = candidates["logit"] == 0
        return allowed

    def fits(self, token: int) -> bool:
        """Whether a token may come next: also not one that is hidden from the reader, as the tokens
        of chat templates are; the grammar would take their names for text."""
        control = llama.llama_vocab_get_attr(self._vocab, token) & llama.LLAMA_TOKEN_ATTR_CONTROL
        hidden = control and not llama.llama_vocab_is_eog(self._vocab, token)
        return not hidden and bool(self.allowed(np.array([token]))[0])

    def accept(self, token: int) -> None:
        """Go on by one token. Raises EngineError when it does not fit."""
        if not self.fits(token):
            raise EngineError(
                "The answer left the format that was asked for, so it was stopped. The chat is saved."
            )
        llama.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        if self._sampler:
            llama.llama_sampler_free(self._sampler)
            self._sampler = None
