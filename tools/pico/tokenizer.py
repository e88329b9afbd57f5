"""Learn pico's tokenizer from its own exercises, split the way GLM-4's tokenizer splits text.

Needs tokenizers and transformers; gives a fast tokenizer with GLM's added tokens.
"""

from collections.abc import Iterator
from random import Random

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from tools.pico.render import render
from tools.pico.tasks import PICTURE_TASKS, TASKS, WEIGHTS, draw_name
from tools.pico.vocabulary import ADDED, END_OF_TEXT

EXERCISES = 20_000
LEARNED = 900
"""Tokens besides the added ones."""
GLM4_SPLIT = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
    r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer. No token of more than one digit is learned, so that numbers are read
    digit by digit although the split, which is GLM's, keeps three together."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = _split(r"\p{N}", GLM4_SPLIT)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=LEARNED, initial_alphabet=alphabet, special_tokens=[])
    tokenizer.train_from_iterator(list(texts(Random(0))), trainer)
    tokenizer.pre_tokenizer = _split(GLM4_SPLIT)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(ADDED))
    roles = dict.fromkeys(("eos_token", "pad_token", "unk_token", "bos_token"), END_OF_TEXT)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles)


def texts(rng: Random) -> Iterator[str]:
    """The text of many exercises, with a fifth of those about pictures, and no added tokens."""
    for _ in range(EXERCISES):
        name = draw_name(rng, WEIGHTS)
        if name in PICTURE_TASKS and rng.random() < 0.8:
            continue
        parts = (segment.content for segment in render(TASKS[name](rng), rng))
        text = "".join(part for part in parts if isinstance(part, str))
        for token in ADDED:
            text = text.replace(token, "\n")
        yield text


def _split(*patterns: str) -> pre_tokenizers.PreTokenizer:
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([*splits, to_bytes])
