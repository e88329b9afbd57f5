from dataclasses import replace

from glmdesk.checks import table
from glmdesk.checks.bench import PictureTurns, Report, Speed
from glmdesk.checks.memory import Memory

REPORT = Report(
    model="glm",
    name="GLM",
    version="1.0",
    n_ctx=16384,
    load_s=3.456,
    prompt=(
        Speed(tokens=512, tokens_per_s=1234.5, runs=(1200.0, 1234.5, 1300.0)),
        Speed(tokens=1999, tokens_per_s=99.94, runs=(99.94,)),
    ),
    decode=Speed(tokens=128, tokens_per_s=7.126, runs=(7.0, 7.126, 7.5)),
    picture=PictureTurns(
        first_s=2.5,
        second_s=0.0501,
        image_tokens=999,
        prompt_tokens=1020,
        cached_tokens=1008,
        runs=((2.5, 0.0501),),
    ),
    memory=Memory(parts={"weights, CPU": 6_166_000_000}, process=7_000_000, process_peak=8_000_000),
    details={"threads": 4},
)

DRAWN = """\
GLM: 16,384 tokens of context, 4 threads

load                   3.46 s
prompt, 512 tokens    1,234 tokens/s  median of 3, 1,200 to 1,300
prompt, 1,999 tokens   99.9 tokens/s  median of 1, 99.9 to 99.9
decode, 128 tokens     7.13 tokens/s  median of 3, 7.00 to 7.50
picture, first token  2,500 ms        median of 1; the picture is 999 tokens
picture, second turn   50.1 ms        0.02 of the first; 1,008 of 1,020 tokens reused
memory, weights, CPU  6,166 MB
memory, process        7.00 MB
memory, process peak   8.00 MB"""


def test_the_whole_table() -> None:
    assert table.draw(REPORT) == DRAWN


def test_a_model_without_eyes_that_says_little() -> None:
    plain = replace(REPORT, picture=None, memory=None, details={})
    drawn = table.draw(plain).splitlines()
    assert drawn[0] == "GLM: 16,384 tokens of context"
    assert len(drawn) == 6


def test_a_model_that_wrote_nothing() -> None:
    silent = replace(REPORT, decode=Speed(tokens=0, tokens_per_s=0.0, runs=(0.0,) * 3))
    (line,) = [line for line in table.draw(silent).splitlines() if line.startswith("decode")]
    assert line.endswith("– tokens/s  the model stopped at once")
