"""Texts that are long, deep or crooked where their readers do not expect it."""

import json

from glmdesk.errors import DocumentDamaged, DocumentTooLarge
from tests.documents.corpus.bomb import LAUGHS, Bomb


def bombs() -> tuple[Bomb, ...]:
    return (
        Bomb(name="entities.xml", make=lambda: f"<?xml version='1.0'?>{LAUGHS}<x>&i;</x>".encode()),
        Bomb(name="square.xml", make=_square),
        Bomb(name="deep.xml", make=lambda: b"<a>" * 500_000),
        Bomb(name="deep.json", make=lambda: b"[" * 200_000 + b"]" * 200_000),
        Bomb(name="digits.json", make=lambda: b"[" + b"9" * 200_000 + b"]"),
        Bomb(name="exponent.json", make=lambda: b'{"a": 1e999999999}'),
        Bomb(name="deep.html", make=lambda: b"<html><body>" + b"<div>" * 100_000 + b"deep"),
        Bomb(name="tags.html", make=lambda: b"<html>" + b"<" * 1_000_000),
        Bomb(name="attributes.html", make=lambda: b"<html><p " + b"a=1 " * 200_000 + b">x"),
        Bomb(name="links.md", make=lambda: b"[" * 100_000 + b"](" * 50_000),
        Bomb(name="stars.md", make=lambda: b"*a _b " * 100_000),
        Bomb(name="columns.csv", make=lambda: b"," * 1_000_000 + b"\n"),
        Bomb(name="quotes.csv", make=lambda: b'"' + b"a,\n" * 500_000),
        Bomb(name="parts.eml", make=_parts),
        Bomb(name="headers.eml", make=lambda: b"From: a@b\nSubject: " + b"=?utf-8?q?=41?= " * 100_000 + b"\n\nx"),
        Bomb(name="one-line.txt", make=lambda: b"word " * 500_000),
        Bomb(name="no-break.txt", make=lambda: b"a" * 2_000_000),
        Bomb(name="marks.txt", make=lambda: ("a" + "\u0301" * 500_000).encode()),
        Bomb(name="too-large.txt", make=lambda: b"word\n" * 8_000_000, refused=DocumentTooLarge),
        Bomb(name="empty.txt", make=lambda: b"", refused=DocumentDamaged),
        Bomb(name="blank.txt", make=lambda: b" \n" * 50),
        Bomb(name="mixed.txt", make=lambda: "äöü — ".encode() * 50 + "äöü ".encode("latin-1") * 50, pages=1),
        Bomb(name="numbers.json", make=lambda: json.dumps(list(range(300_000))).encode()),
    )  # fmt: skip


def _square() -> bytes:
    """No entity in another, only one that is long and used often."""
    return (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 60_000 + b'">]><x>' + b"&a;" * 60_000 + b"</x>"
    )  # fmt: skip


def _parts() -> bytes:
    """A message in a message, three thousand deep."""
    return b"".join(
        b'From: a@b\nContent-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (level, level)
        for level in range(3000)
    )
