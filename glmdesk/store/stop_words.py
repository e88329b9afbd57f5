"""Words that a question has for being a question; articles need not be here, texts are full of them."""

_ENGLISH = (
    "a about all also am an and any are as at be been being but by can could did do does doing done "
    "for from get give had has have how i if in into is it its just let many may me might much must "
    "my need no not of off on one or our please shall should so some such tell than that the their "
    "them then there these they this those to too up us very was we were what when where whether "
    "which who whom whose why will with would you your"
)
_GERMAN = (
    "bitte darf du gibt habe ich ihr kann man mein mir muss soll sollte sind viel viele wann warum was "
    "welche welchem welchen welcher welches wer wie wieviel wieso wir wo wofur woher wohin womit"
)
_FRENCH = (
    "combien comment dois est faut je mon nous ou peut pourquoi puis quand que quel quelle quelles "
    "quels qui quoi vous"
)
_SPANISH = (
    "como cual cuales cuando cuanta cuantas cuanto cuantos debe debo donde hay mi puedo que quien "
    "quienes tengo"
)
_CHINESE = (
    "什么 是什么 为什么 怎么 怎么样 怎样 如何 多少 哪里 哪个 哪些 请问 可以 需要 应该 是否 能否 有多 多久 多长 "
    "多大 几个 我们 你们 吗 呢 甚麼 什麼 為什麼 怎麼 請問"
)
_JAPANESE = "ですか ますか ませんか とは どこ いつ なぜ どう どの ください 教えて"
STOP_WORDS = frozenset(" ".join((_ENGLISH, _GERMAN, _FRENCH, _SPANISH)).split())
"""Without accents and in lower case."""
SPACELESS = frozenset(f"{_CHINESE} {_JAPANESE}".split())
"""Of languages that put no spaces between words."""
