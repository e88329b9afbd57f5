"""What is on a tray: each file once, nothing of one chat in another, and waiting for what comes."""

import threading
from dataclasses import replace

from glmdesk.ui import tray as trays_of
from glmdesk.ui.tray import Item, Place, Tray, Trays
from tests.ui.papers import OTHER, PDF, PICTURE, SHA, item

HERE = Place(owner="owner", page="p", chat="c")


def test_a_key_and_a_file_are_there_once() -> None:
    tray = Tray().with_item(item(key="a"))
    assert tray.with_item(Item(key="a", name="other.txt")) == tray
    assert tray.with_item(item(key="b")) == tray
    assert len(tray.with_item(item(PICTURE, "b")).items) == 2
    assert len(tray.with_item(Item(key="c", name="same name is fine")).items) == 2


def test_the_same_file_again_leaves_the_first_as_it_was_chosen() -> None:
    first = replace(item(key="a"), typed="1-4")
    tray = Tray(items=(first, Item(key="b", name="report.pdf", state="taking")))
    assert tray.arrived("b", PDF).items == (first,)


def test_a_file_arrives_where_it_was_announced() -> None:
    tray = Tray(items=(Item(key="a", name="shot.png"), item(key="b")))
    arrived = tray.arrived("a", PICTURE)
    assert [one.sha256 for one in arrived.items] == [OTHER, SHA]
    assert arrived.items[0].state == "here"
    assert arrived.attachments == (PICTURE, PDF)


def test_what_was_removed_meanwhile_does_not_come_back() -> None:
    assert Tray().arrived("a", PDF).items == ()
    assert Tray().changed("a", state="failed").items == ()


def test_trays_are_apart_by_owner_page_and_chat() -> None:
    trays = Trays()
    trays.change(HERE, lambda tray: tray.with_item(item()))
    assert trays.get(HERE).items
    for other in ("owner", "page", "chat"):
        assert trays.get(replace(HERE, **{other: "x"})).items == ()


def test_a_removed_file_leaves_all_trays_of_its_owner_only() -> None:
    trays = Trays()
    others = replace(HERE, owner="visitor")
    for place in (HERE, replace(HERE, chat="d"), others):
        trays.change(place, lambda tray: tray.with_item(item()))
    trays.forget("owner", SHA)
    assert trays.get(HERE).items == trays.get(replace(HERE, chat="d")).items == ()
    assert trays.get(others).items


def test_it_waits_for_what_is_on_its_way() -> None:
    trays = Trays()
    trays.change(HERE, lambda tray: tray.with_item(Item(key="a", name="report.pdf")))
    assert trays.settled(HERE, 0).is_moving
    waiting = threading.Event()
    found: list[Tray] = []

    def wait() -> None:
        waiting.set()
        found.append(trays.settled(HERE, 10))

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait(5)
    trays.change(HERE, lambda tray: tray.arrived("a", PDF))
    thread.join(5)
    assert found[0].attachments == (PDF,)


def test_the_oldest_trays_give_way() -> None:
    trays = Trays()
    for number in range(trays_of.REMEMBERED + 1):
        trays.change(replace(HERE, page=str(number)), lambda tray: tray.with_item(item()))
    assert trays.get(replace(HERE, page="0")).items == ()
    assert trays.get(replace(HERE, page="1")).items
