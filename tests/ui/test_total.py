"""The sum against the context: said before sending, with what will happen when it is too much."""

import re

from glmdesk.chat.papers import Room
from glmdesk.ui import text, total
from glmdesk.ui.total import Sum
from tests.ui.markup import Markup
from tests.ui.papers import document, picture


def widths(html: str) -> list[float]:
    return [float(width) for width in re.findall(r"width:([\d.]+)%", html)]


def test_all_files_together() -> None:
    room = Room(total=8192, used=819, attached=1308)
    html = total.draw([document(3), picture()], Sum(room=room))
    assert "Files: 1,308 tokens. This chat: 819. Room: 8,192." in Markup(html).words
    assert widths(html) == [10.0, 16.0]
    assert "warning" not in html


def test_one_estimate_makes_the_sum_one() -> None:
    html = total.draw([document(3), picture(exact=False)], Sum())
    assert Markup(html).words == "Files: about 1,308 tokens."


def test_over_the_limit() -> None:
    assert total.over(Room(total=1000, used=0, attached=999)) == ""
    assert total.over(Room(total=1000, used=500, attached=501)) == text.CHAT_GIVES_WAY
    alone = Room(total=1000, used=0, attached=2500)
    assert "2,500 tokens" in total.over(alone)
    html = total.draw([document()], Sum(room=alone))
    assert "refused" in Markup(html).words
    assert widths(html) == [0.0, 100.0]


def test_detail_with_its_prices() -> None:
    prices = {"low": 252, "normal": 1008, "high": 4032}
    page = Markup(total.draw([picture()], Sum(detail="high", prices=prices)))
    assert [field["value"] for field in page.fields] == ["low", "normal", "high"]
    assert [field["value"] for field in page.fields if "checked" in field] == ["high"]
    assert "High4,032" in page.words
    assert Markup(total.draw([document()], Sum())).fields == []


def test_nothing_is_known() -> None:
    assert total.draw([], Sum()) == ""
