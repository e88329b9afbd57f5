"""Reads Markdown as it is, in pages that begin at headings where they can."""

from glmdesk.documents.text.text import opened

__all__ = ["opened"]
