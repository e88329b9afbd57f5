"""Parses XML nobody vouches for: no entities, no DTD, no network. The only file that knows lxml."""

from typing import Any

from lxml import etree

from glmdesk.errors import DocumentDamaged

Node = Any
"""An element of lxml, which has no types of its own."""
Malformed: type[Exception] = etree.XMLSyntaxError
"""What libraries raise that parse with lxml themselves."""


def parse(data: bytes, name: str) -> Node:
    """The root of a document. Raises DocumentDamaged."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(name) from error


def damaged(name: str) -> DocumentDamaged:
    return DocumentDamaged(
        f"{name} is damaged: a part of it makes no sense. Nothing was attached. "
        "Open it in the program it comes from, save it again, and attach that."
    )


def mended(data: bytes) -> bytes:
    """As much of a document as can be saved when it is not well-formed; else as it is."""
    strict = etree.XMLParser(resolve_entities=False, no_network=True)
    lenient = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        etree.fromstring(data, strict)
    except (etree.XMLSyntaxError, ValueError):
        root = etree.fromstring(data, lenient)
        return data if root is None else written(root)
    return data


def written(root: Node) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def kind(node: Node) -> str:
    """An element's name without its namespace; "" for a comment or the like."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(node: Node, name: str) -> str:
    """An attribute whatever its namespace, "" when it has none."""
    for key, value in node.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def first(node: Node, name: str) -> Node | None:
    """The first element called so below a node."""
    return next(node.iter("{*}" + name), None)


def child(node: Node, name: str) -> Node | None:
    """The first child called so."""
    return node.find("{*}" + name)
