"""What a file really is, by its content: a PDF, a picture, a text. Pure.

A name proves nothing, and neither does what a browser says. What may act by itself when it is opened is refused as far
as that can be seen without opening it: this is not an antivirus.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import puremagic

from availability.errors import Refusal

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
OF_ENDING = {"pdf": PDF, "jpg": JPEG, "jpeg": JPEG, "png": PNG, "odt": ODT, "docx": DOCX}
ZIPPED = frozenset({ODT, DOCX})
# What a PDF runs, starts or carries. Names may be written with escapes (#4a): those are refused too.
ACTIVE_IN_PDF = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")
ACTIVE_IN_DOCX = ("vbaproject", "activex", "embeddings/", ".bin", ".exe", ".dll", ".js", ".vbs")
ACTIVE_IN_ODT = ("basic/", "scripts/", "object", ".exe", ".dll", ".js", ".vbs")
MOST_PARTS = 2_000
MOST_UNPACKED = 200 * 1024 * 1024  # of what a text says that it holds


class FileRefused(Refusal):
    """The file cannot be kept; `why` says which rule it breaks, `name` is the name that it was given."""


def media_type_of(name: str, data: bytes) -> str:
    """Return what a file is, if it is one of those that are kept and its content is what its name says.

    Raises: FileRefused, with `why`: empty, type, mismatch or active.
    """
    if not data:
        raise FileRefused(name=name, why="empty")
    wanted = OF_ENDING.get(name.rpartition(".")[2].lower()) if "." in name else None
    if wanted is None:
        raise FileRefused(name=name, why="type")
    if not _looks_like(wanted, data) or not CHECKS.get(wanted, _holds)(data):
        raise FileRefused(name=name, why="mismatch")
    if ACTIVE[wanted](data):
        raise FileRefused(name=name, why="active")
    return wanted


def _looks_like(wanted: str, data: bytes) -> bool:
    """Say whether the first and last bytes are those of such a file; all zipped texts begin alike."""
    try:
        found = {one.mime_type for one in puremagic.magic_string(data)}
    except (puremagic.PureError, ValueError):
        return False
    return (DOCX if wanted in ZIPPED else wanted) in found


def _parts(data: bytes) -> list[zipfile.ZipInfo] | None:
    """Return what a zipped text holds, or None when it is not one that can be opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, UnicodeDecodeError):
        return None
    is_sane = len(parts) <= MOST_PARTS and sum(part.file_size for part in parts) <= MOST_UNPACKED
    return parts if is_sane and data.startswith(b"PK\x03\x04") else None


def _is_docx(data: bytes) -> bool:
    names = {part.filename for part in _parts(data) or ()}
    return {"[Content_Types].xml", "word/document.xml"} <= names


def _is_odt(data: bytes) -> bool:
    """The first part is stored as it is, and says what the file is. Source: OpenDocument 1.3, part 2, section 3.3."""
    parts = _parts(data) or []
    if not parts or parts[0].filename != "mimetype" or parts[0].compress_type != zipfile.ZIP_STORED:
        return False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return parts[0].file_size == len(ODT) and archive.read(parts[0]) == ODT.encode()


def _is_pdf(data: bytes) -> bool:
    return data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data[-64:]


def _is_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG\r\n\x1a\n") and data.rstrip(b"\0")[-8:-4] == b"IEND"


def _holds(_: bytes) -> bool:
    return True


def _acts_in_pdf(data: bytes) -> bool:
    return any(name in data for name in ACTIVE_IN_PDF) or b"/J#" in data or b"/#4" in data


def _acts_in_zip(words: tuple[str, ...]) -> Callable[[bytes], bool]:
    def acts(data: bytes) -> bool:
        names = [part.filename.lower() for part in _parts(data) or ()]
        return any(word in name for name in names for word in words)

    return acts


CHECKS: dict[str, Callable[[bytes], bool]] = {PDF: _is_pdf, JPEG: _is_jpeg, PNG: _is_png, ODT: _is_odt, DOCX: _is_docx}
ACTIVE: dict[str, Callable[[bytes], bool]] = {
    PDF: _acts_in_pdf,
    JPEG: lambda _: False,
    PNG: lambda _: False,
    ODT: _acts_in_zip(ACTIVE_IN_ODT),
    DOCX: _acts_in_zip(ACTIVE_IN_DOCX),
}
