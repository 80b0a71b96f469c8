"""What a PDF of ours says, read from the file: the streams, and the letters that each font gives to its codes."""

from __future__ import annotations

import contextlib
import re
import zlib

STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.S)  # as fpdf2 writes it: one in 256 ends with a \r of its own
SHOWN = re.compile(rb"/F(\d+) [\d.]+ Tf|\(((?:[^()\\]|\\.)*)\)|(T\*|Td|TD|ET)", re.S)
ESCAPED = re.compile(rb"\\(.)", re.S)
MAPPED = re.compile(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4,})>")
FONT = re.compile(rb"/F(\d+) (\d+) 0 R")
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(content: bytes) -> str:
    """Return the text of every page, line by line."""
    letters = _letters(content)
    return "\n".join(_said(stream, letters) for stream in _streams(content) if b" Tf" in stream)


def pages_of(content: bytes) -> int:
    """Return how many pages there are."""
    return len(re.findall(rb"/Type /Page\b", content))


def _streams(content: bytes) -> list[bytes]:
    found = []
    for match in STREAM.finditer(content):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return found


def _letters(content: bytes) -> dict[bytes, dict[int, str]]:
    """Return, font by font, the letter of each code, as a reader that copies the text finds it."""
    objects = {int(n): body for n, body in re.findall(rb"(?:^|\n)(\d+) 0 obj(.*?)endobj", content, re.S)}
    fonts = {}
    for name, number in FONT.findall(content):
        unicode = re.search(rb"/ToUnicode (\d+) 0 R", objects.get(int(number), b""))
        if unicode and (stream := STREAM.search(objects[int(unicode[1])])):
            body = stream[1]
            with contextlib.suppress(zlib.error):
                body = zlib.decompress(body)
            pairs = MAPPED.findall(body)
            fonts[name] = {int(code, 16): bytes.fromhex(said.decode()).decode("utf-16-be") for code, said in pairs}
    return fonts


def _said(stream: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    font: dict[int, str] = {}
    said = ""
    for name, shown, moved in SHOWN.findall(stream):
        if name:
            font = fonts.get(name, {})
        elif moved:
            said += "" if said.endswith("\n") else "\n"
        else:
            codes = ESCAPED.sub(lambda one: PLAIN.get(one[1], one[1]), shown)
            said += "".join(font.get(int.from_bytes(codes[at : at + 2]), "?") for at in range(0, len(codes), 2))
    return said
