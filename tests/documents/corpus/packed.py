"""Writes zip files by hand: the containers of Office, OpenDocument and EPUB files."""

import io
import zipfile
from collections.abc import Mapping

_DAY = (2026, 11, 25, 0, 0, 0)


def packed(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Members in their order; one called "mimetype" is stored, as the formats demand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            how = zipfile.ZIP_STORED if name == "mimetype" else method
            archive.writestr(zipfile.ZipInfo(name, _DAY), content, how)
    return buffer.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}
