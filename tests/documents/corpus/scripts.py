"""PDF pages in scripts without spaces and from right to left."""

import unicodedata
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.documents.corpus.case import Case, leaves
from tests.documents.corpus.sheets import blank, finished, pdf

HAN = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严"
HEBREW = "שלום עולם ספר טוב בית גדול ילד קטן מים חמים דרך ארוכה עיר ישנה לחם חדש יום יפה שמש זהב"
ARABIC = "مرحبا بالعالم الجميل كتاب جديد بيت كبير مدينة قديمة طريق طويل يوم جميل ماء بارد خبز طازج"
_ARABIC_FONT = ("notonaskh", 60)


def han(key: str, count: int) -> str:
    rng = Random(f"han {key}")
    return "".join(rng.choice(HAN) for _ in range(count))


def cases() -> tuple[Case, ...]:
    return (
        _chinese(),
        _neighbours(),
        _mixed_scripts(),
        _hebrew(),
        _arabic("arabic-letters.pdf", joined=False),
        _arabic("arabic-forms.pdf", joined=True),
    )


def _chinese() -> Case:
    texts = [han(f"page {number}", 300) for number in range(3)]

    def draw(text: str) -> Any:
        def on(page: Any) -> None:
            for row in range(0, len(text), 30):
                page.insert_text(
                    (60, 80 + row), text[row : row + 30], fontname="china-s", fontsize=14
                )

        return on

    return Case(name="chinese.pdf", make=lambda: pdf(*map(draw, texts)), leaves=leaves(*texts))


def _neighbours() -> Case:
    """Traditional Chinese, Japanese and Korean, with the fonts every reader has."""
    samples = {
        "china-t": "學習漢字書寫需要時間與耐心圖書館開放",
        "japan": "日本語の文章をここに書きますカタカナも",
        "korea": "한국어문장을여기에씁니다도서관은열려있습니다",
    }

    def draw(font: str, text: str) -> Any:
        return lambda page: page.insert_text((60, 100), text, fontname=font, fontsize=16)

    return Case(
        name="east-asian.pdf",
        make=lambda: pdf(*(draw(*sample) for sample in samples.items())),
        leaves=leaves(*samples.values()),
    )


def _mixed_scripts() -> Case:
    text = f"Version 3.14 {han('mixed', 40)} supports UTF-8 {han('mixed too', 30)} since 2026"
    return Case(
        name="chinese-and-english.pdf",
        make=lambda: pdf(
            lambda page: page.insert_textbox(
                page.rect + (60, 60, -60, -60), text, fontname="china-s", fontsize=12
            )
        ),
        leaves=leaves(text),
    )


def _hebrew() -> Case:
    return Case(
        name="hebrew.pdf",
        make=lambda: pdf(
            lambda page: page.insert_htmlbox((60, 60, 540, 300), f'<p dir="rtl">{HEBREW}</p>'),
            garbage=3,
            deflate=True,
        ),
        leaves=leaves(HEBREW),
    )


def _arabic(name: str, *, joined: bool) -> Case:
    """Glyphs from left to right, as most programs write them: letters, or their joined forms."""

    def make() -> bytes:
        import pymupdf

        with blank() as document:
            page = document.new_page()
            font = pymupdf.Font(language="ar", script=_ARABIC_FONT[1])
            writer = pymupdf.TextWriter(page.rect)
            words = ARABIC.split()
            for row in range(0, len(words), 6):
                line = " ".join(words[row : row + 6])
                shaped = shape(line) if joined else line
                writer.append((80, 100 + row * 6), shaped[::-1], font=font, fontsize=16)
            writer.write_text(page)
            return finished(document, garbage=3, deflate=True)

    return Case(name=name, make=make, leaves=leaves(ARABIC))


def shape(text: str) -> str:
    """Letters in the forms they take beside their neighbours."""
    forms = _forms()
    return "".join(_formed(text, at, forms) for at in range(len(text)))


def _forms() -> dict[tuple[str, str], str]:
    found = {}
    for code in range(0xFE70, 0xFEFF):
        kind, *base = unicodedata.decomposition(chr(code)).split() or [""]
        if len(base) == 1:
            found[chr(int(base[0], 16)), kind] = chr(code)
    return found


def _formed(text: str, at: int, forms: dict[tuple[str, str], str]) -> str:
    before = at > 0 and (text[at - 1], "<initial>") in forms
    after = (
        at + 1 < len(text)
        and (text[at + 1], "<final>") in forms
        and (text[at], "<initial>") in forms
    )
    names: dict[tuple[bool, bool], Sequence[str]] = {
        (True, True): ("<medial>",),
        (True, False): ("<final>",),
        (False, True): ("<initial>",),
        (False, False): ("<isolated>",),
    }
    return next(
        (forms[text[at], kind] for kind in names[before, after] if (text[at], kind) in forms),
        text[at],
    )
