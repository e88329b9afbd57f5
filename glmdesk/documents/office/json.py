"""Reads JSON as it is."""

from glmdesk.documents.text.text import opened

__all__ = ["opened"]
