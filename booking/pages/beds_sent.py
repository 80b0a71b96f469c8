"""What of the beds goes to an open page: all of them once, then only those that changed. Pure.

A page that missed more than a few changes asks for all of them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from hashlib import blake2b
from typing import Any

from booking.pages.establishment_words import Bar, BedRow, SectionRows

KEPT_TURNS = 4  # changes that are told again with the next ones: a page may draw several at once
MOST_KEPT = 12  # beds, of those told again
Packed = list[Any]


@dataclass(frozen=True)
class Beds:
    """The beds as they are sent, and what tells whether one of them has changed."""

    sections: list[dict[str, Any]]
    marks: dict[int, bytes]  # by bed
    frame: bytes  # of what a change of one bed cannot change: sections, names, order


@dataclass(frozen=True)
class Sent:
    """What a page was sent: `recent` are the beds that changed, with the turn at which they did."""

    turn: int = 0
    since: int = 0  # when all of them were sent
    marks: tuple[tuple[int, bytes], ...] = ()
    frame: bytes = b""
    recent: tuple[tuple[int, int], ...] = ()


def packed(rows: Iterable[SectionRows]) -> Beds:
    """Return the beds as they are sent."""
    sections = [
        {"id": row.resource_id, "name": row.name, "note": row.note, "beds": [_bed(bed) for bed in row.beds]}
        for row in rows
    ]
    beds = [bed for section in sections for bed in section["beds"]]
    frame = [(one["id"], one["name"], one["note"], [bed[:2] for bed in one["beds"]]) for one in sections]
    return Beds(sections, {bed[0]: _mark(bed) for bed in beds}, _mark(frame))


def all_of(sent: Sent, beds: Beds) -> tuple[Sent, dict[str, Any], dict[str, Any]]:
    """Return what is sent from now on, everything, and no change of it."""
    turn = sent.turn + 1
    return (
        Sent(turn, turn, tuple(beds.marks.items()), beds.frame),
        {"turn": turn, "sections": beds.sections},
        _patch(turn, turn, []),
    )


def changes_of(sent: Sent, beds: Beds) -> tuple[Sent, dict[str, Any]] | None:
    """Return what is sent from now on, and the beds that changed; None when it is more than beds."""
    if beds.frame != sent.frame:
        return None
    before, turn = dict(sent.marks), sent.turn + 1
    now = [(turn, unit_id) for unit_id, mark in beds.marks.items() if before[unit_id] != mark]
    if not now:
        return sent, _patch(sent.turn, sent.turn, [])
    recent = _kept(sent.recent, turn, most=MOST_KEPT - len(now)) + tuple(now)
    since = max(sent.since, min(at for at, _ in recent) - 1)
    changed = {unit_id for _, unit_id in recent}
    rows = [bed for section in beds.sections for bed in section["beds"] if bed[0] in changed]
    return replace(sent, turn=turn, marks=tuple(beds.marks.items()), recent=recent), _patch(turn, since, rows)


def _kept(recent: Sequence[tuple[int, int]], turn: int, *, most: int) -> tuple[tuple[int, int], ...]:
    """Return the changes of the last turns, whole turns only."""
    kept = tuple(one for one in recent if one[0] > turn - KEPT_TURNS)
    while len(kept) > max(most, 0):
        kept = tuple(one for one in kept if one[0] > kept[0][0])
    return kept


def _patch(turn: int, since: int, beds: list[Packed]) -> dict[str, Any]:
    return {"turn": turn, "since": since, "beds": beds}


def _bed(row: BedRow) -> Packed:
    return [row.unit_id, row.name, [_bar(bar) for bar in row.bars]]


def _bar(bar: Bar) -> Packed:
    """Return the fields of a bar, in their order, without the last ones when they are empty."""
    fields = list(astuple(bar))
    while fields[-1] == "":
        fields.pop()
    return fields


def _mark(thing: object) -> bytes:
    return blake2b(repr(thing).encode(), digest_size=8).digest()
