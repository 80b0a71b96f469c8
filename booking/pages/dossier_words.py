"""The sheet of a booking in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from availability.models import Shape
from availability.openings import local_day
from booking.dossier import Dossier, Step
from booking.models import State
from booking.pages.booking_words import (
    address_of,
    convene_address,
    dated,
    deadline,
    detail,
    search_again,
    when,
    whom,
    zone_note,
)
from booking.queries import BookingLine
from booking.words import STATE_BADGES, STATE_WORDS, YOU, act_sentence
from portal.ui.dates import NBSP, hour

LIVE = (State.HELD, State.REQUESTED, State.BOOKED)
LOST = (State.REFUSED, State.LAPSED)
OUTCOMES = (State.HONOURED, State.MISSED)


@dataclass(frozen=True)
class Past:
    """One line of history."""

    at: str
    sentence: str


@dataclass(frozen=True)
class View:
    """A booking as its sheet displays it; an empty text is not displayed."""

    id: str = ""
    site: str = ""
    detail: str = ""
    address: str = ""
    when: str = ""
    whom: str = ""
    by: str = ""
    state: str = ""
    badge: str = ""
    deadline: str = ""
    seconds_left: int = 0
    can_confirm: bool = False
    needs_whom: bool = False
    can_give_back: bool = False
    can_undo: bool = False
    can_note_coming: bool = False
    can_note_absence: bool = False
    can_excuse: bool = False
    can_undo_excuse: bool = False
    convene_href: str = ""
    is_lost: bool = False
    map_href: str = ""
    calendar_href: str = ""
    establishment_href: str = ""
    hours_note: str = ""  # whose hours the history is in, when it is not those of the mainland
    history: list[Past] = field(default_factory=list)


def view_of(found: Dossier, *, now: datetime) -> View:
    """Return a booking as displayed, with only the acts that would be heard."""
    line = found.line
    today = local_day(now, ZoneInfo(line.time_zone))
    is_held = line.state is State.HELD and line.expires_at is not None
    may_note = found.may_act and _has_hour(line) and line.starts_at is not None and line.starts_at <= now
    is_to_note = _has_hour(line) and line.state is State.BOOKED and line.ends_at is not None and line.ends_at <= now
    return View(
        id=str(line.id),
        site=line.site_name,
        detail=detail(line.kind_label, line.resource_name, line.unit_name),
        address=address_of(line.address, line.postcode, line.commune),
        when=when(line, today),
        whom=_whom(line),
        by=_by(found),
        state="à pointer" if is_to_note else STATE_WORDS[line.state],
        badge="warning" if is_to_note else STATE_BADGES[line.state],
        deadline="" if is_held else deadline(line.state, line.expires_at, line.time_zone, now=now),
        seconds_left=_seconds(line, now) if is_held else 0,
        can_confirm=found.may_act and is_held and found.is_for_somebody,
        needs_whom=found.may_act and is_held and not found.is_for_somebody,
        can_give_back=found.may_act and line.state in LIVE and not _is_over(line, today, now),
        can_undo=found.may_take_again,
        can_note_coming=may_note and line.state in (State.BOOKED, State.MISSED, State.EXCUSED),
        can_note_absence=may_note and line.state in (State.BOOKED, State.HONOURED),
        can_excuse=found.may_act and _has_hour(line) and line.state in (State.BOOKED, *OUTCOMES),
        can_undo_excuse=found.may_act and line.state is State.EXCUSED,
        convene_href=_convene(found, now),
        is_lost=line.state in LOST,
        map_href=search_again(line, today),
        calendar_href=f"/reservations/{line.id}.ics" if line.state in LIVE else "",
        establishment_href=f"/etablissement/?id={line.site_id}" if line.shape == Shape.NIGHTS else "",
        hours_note=zone_note(line.time_zone).strip(),
        history=[_past(step, line.time_zone, today) for step in found.steps],
    )


def _has_hour(line: BookingLine) -> bool:
    """Say whether somebody is expected at an hour: a stay or a measure is not noted by coming or not."""
    return line.shape is Shape.SLOTS and line.starts_at is not None


def _convene(found: Dossier, now: datetime) -> str:
    """Return where the person of an appointment to come is summoned to it; empty when nobody may be."""
    line = found.line
    is_to_come = line.state is State.BOOKED and line.starts_at is not None and line.starts_at > now
    if not (found.may_act and is_to_come and _has_hour(line) and line.person_name):
        return ""
    return convene_address(line.id)


def _whom(line: BookingLine) -> str:
    if line.person_name:
        return line.person_name
    return whom("", line.case_ref, line.person_id, is_open=line.state is State.HELD)


def _by(found: Dossier) -> str:
    """Return a name even for oneself: the sheet is also printed."""
    if not found.is_mine:
        return found.requested_by
    return f"{found.requested_by} (vous)" if found.requested_by else YOU


def _seconds(line: BookingLine, now: datetime) -> int:
    return max(int((line.expires_at - now).total_seconds()), 0) if line.expires_at else 0


def _is_over(line: BookingLine, today: date, now: datetime) -> bool:
    if line.ends_at is not None:
        return line.ends_at <= now
    return line.until_on is not None and line.until_on <= today


def _past(step: Step, time_zone: str, today: date) -> Past:
    zone = ZoneInfo(time_zone)
    at = f"{dated(local_day(step.entry.at, zone), today)} à{NBSP}{hour(step.entry.at, zone)}"
    who = YOU if step.is_me else step.by
    return Past(at, act_sentence(step.entry.act, step.entry.facts, who))
