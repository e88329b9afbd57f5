"""Grammars that would hang or crash llama.cpp are refused; those people write are not."""

import pytest
from llama_cpp import llama_grammar

from glmdesk.engines.llama.gbnf import check_grammar
from glmdesk.errors import EngineError


def chain(length: int, body: str) -> str:
    rules = [f"r{number} ::= {body.format(number + 1)}" for number in range(length)]
    return "\n".join(["root ::= r0", *rules, f'r{length} ::= "a"'])


HOSTILE = {
    "empty": ("", "no rule named root"),
    "no root": ('start ::= "a"', "no rule named root"),
    "only words": ("hello there", "should be"),
    "no body end": ('root ::= ("a"', "not closed"),
    "missing rule": ("root ::= other", "other is missing"),
    "not closed text": ('root ::= "a', "no part"),
    "backwards": ('root ::= "a"{5,2}', "backwards"),
    "backwards to none": ('root ::= "a"{5,0}', "backwards"),
    "huge count": ('root ::= "a"{99999999999999999999}', "no part"),
    "many": ('root ::= "a"{2001}', "2,000"),
    "many in all": (
        'root ::= "a"' + "".join(f'\nr{number} ::= "abc"{{2000}}' for number in range(300)),
        "repetitions",
    ),
    "left recursion": ('root ::= root "a" | "b"', "begins with itself"),
    "hidden left recursion": (
        'root ::= c root "y" | "z"\nc ::= d\nd ::= "x"?',
        "begins with itself",
    ),
    "hidden in a group": ('root ::= ("x"* | "q") root "y" | "z"', "begins with itself"),
    "deep groups": ("root ::= " + "(" * 500 + '"a"' + ")" * 500, "too deep"),
    "many paths": (chain(40, "r{0} | r{0}"), "too many ways"),
    "long chain": (chain(3000, "r{0}"), "too many ways"),
    "many starts": ('root ::= a{100}\na ::= b{100}\nb ::= "a"?', "too many ways"),
    "long": ('root ::= "' + "a" * 300_000 + '"', "longer"),
    "end of text": ('root ::= "a\0b"', "no text"),
    "half a character": ('root ::= "\ud800"', "no text"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_refused(case: str) -> None:
    grammar, reason = HOSTILE[case]
    with pytest.raises(EngineError, match=reason):
        check_grammar(grammar)


@pytest.mark.parametrize(
    "grammar",
    [
        llama_grammar.JSON_GBNF,
        llama_grammar.JSON_ARR_GBNF,
        llama_grammar.C_GBNF,
        llama_grammar.CHESS_GBNF,
        llama_grammar.LIST_GBNF,
        llama_grammar.ARITHMETIC_GBNF,
        'root ::= "yes" | "no"',
        "# a comment\n\nroot ::= # one\n  item{2,} ( # two\n  item )?\n\nitem ::= [^\\]\\\\-] . \n",
        'root ::= ("a"? "b"?)* "\\"" "\\x41" [a-z]+',
        "root ::= <think> !<think>* <[5]>",
        'root ::= "a"{3} "b"{0,4} "c"{2,}',
    ],
)
def test_taken(grammar: str) -> None:
    check_grammar(grammar)
