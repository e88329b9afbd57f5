"""Whether an EPUB can be read at all: it unpacks to what a file may take, and its seller did not lock it."""

import re
from pathlib import Path

from glmdesk.documents.office import zipped
from glmdesk.errors import DocumentUnsupported

_METHOD = re.compile(rb"<[^<>]*EncryptionMethod[^<>]*Algorithm\s*=\s*[\"']([^\"']+)")
_FONTS = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")
"""These only hide the fonts; words and pictures are open."""


def check(path: Path, name: str) -> None:
    """Raises DocumentUnsupported when it is locked, DocumentTooLarge, DocumentDamaged."""
    with zipped.opened(path, name) as archive:
        methods = _METHOD.findall(archive.read("META-INF/encryption.xml"))
    if set(methods) - set(_FONTS):
        raise DocumentUnsupported(
            f"{name} is protected against copying (DRM), so only its seller's program can open it. "
            "Nothing was attached. Attach a copy that is not protected, or pictures of its pages."
        )
