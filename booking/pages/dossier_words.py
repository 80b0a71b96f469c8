"""The sheet of a booking in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from availability.models import Shape
from availability.openings import local_day
from booking.dossier import Dossier, Step, is_change
from booking.errors import ChangedMeanwhile, TooLate
from booking.meanwhile import Changed
from booking.models import State
from booking.notice import latest
from booking.pages.booking_words import (
    address_of,
    convene_address,
    convene_again,
    dated,
    deadline,
    detail,
    search_again,
    when,
    whom,
    zone_note,
)
from booking.pages.request_words import dates, until
from booking.pages.series_words import Note, form_address, note_of
from booking.pages.why_words import Why, why_of
from booking.queries import BookingLine
from booking.words import EXCUSE_WORDS, STATE_BADGES, STATE_WORDS, YOU, act_sentence, reason_words
from portal.ui.changed import Difference
from portal.ui.dates import NBSP, hour, moment

LIVE = (State.HELD, State.REQUESTED, State.BOOKED)
LOST = (State.REFUSED, State.LAPSED)
OUTCOMES = (State.HONOURED, State.MISSED)


@dataclass(frozen=True)
class Past:
    """One line of history."""

    at: str
    sentence: str
    is_change: bool = True  # of the booking itself: another revision


@dataclass(frozen=True)
class View:
    """A booking as its sheet displays it; an empty text is not displayed."""

    id: str = ""
    site: str = ""
    detail: str = ""
    address: str = ""
    when: str = ""
    whom: str = ""
    passed: str = ""  # that the file of its person is another service's now
    by: str = ""
    state: str = ""
    badge: str = ""
    reason: str = ""  # why it is given back, excused or refused
    deadline: str = ""
    seconds_left: int = 0
    can_confirm: bool = False
    needs_whom: bool = False
    can_give_back: bool = False
    wants_reason: bool = False  # when it is given back: what was only held needs none
    why_kept: Why = field(default_factory=Why)  # why it can't be given back any more
    can_undo: bool = False
    can_note_coming: bool = False
    can_note_absence: bool = False
    can_excuse: bool = False
    is_reason_said: bool = False  # by the person, who gave it back themselves
    can_undo_excuse: bool = False
    can_join_files: bool = False
    most_mb: int = 0  # of each file
    convene_href: str = ""
    again_href: str = ""  # summons somebody again who did not come
    is_lost: bool = False
    map_href: str = ""
    calendar_href: str = ""
    establishment_href: str = ""
    proposal_id: str = ""
    proposed: str = ""  # other dates by the host, and until when they wait
    hours_note: str = ""  # whose hours the history is in, when it is not those of the mainland
    history: list[Past] = field(default_factory=list)
    series: Note = field(default_factory=Note)
    repeat_href: str = ""  # makes a series of it
    from_list: str = ""  # that it was offered by the waiting list


def view_of(found: Dossier, *, now: datetime, most_mb: int = 10) -> View:
    """Return a booking as displayed, with only the acts that would be heard."""
    line = found.line
    today = local_day(now, ZoneInfo(line.time_zone))
    is_held = line.state is State.HELD and line.expires_at is not None
    why_kept = _why_kept(found, today, now)
    may_note = found.may_act and _has_hour(line) and line.starts_at is not None and line.starts_at <= now
    is_to_note = _has_hour(line) and line.state is State.BOOKED and line.ends_at is not None and line.ends_at <= now
    return View(
        id=str(line.id),
        site=line.site_name,
        detail=detail(line.kind_label, line.resource_name, line.unit_name),
        address=address_of(line.address, line.postcode, line.commune),
        when=when(line, today),
        whom=_whom(line),
        passed=_passed(line, today, now),
        by=_by(found),
        state="à pointer" if is_to_note else _unanswered(found, today) or STATE_WORDS[line.state],
        badge="warning" if is_to_note else STATE_BADGES[line.state],
        reason=_reason(found),
        deadline="" if is_held else deadline(line.state, line.expires_at, line.time_zone, now=now),
        seconds_left=_seconds(line, now) if is_held else 0,
        can_confirm=found.may_act and is_held and found.is_for_somebody,
        needs_whom=found.may_act and is_held and not found.is_for_somebody,
        can_give_back=found.may_act and line.state in LIVE and not _is_over(line, today, now) and not why_kept.rule,
        wants_reason=not is_held,
        why_kept=why_kept,
        can_undo=found.may_take_again,
        can_note_coming=may_note and line.state in (State.BOOKED, State.MISSED, State.EXCUSED),
        can_note_absence=may_note and line.state in (State.BOOKED, State.HONOURED),
        can_excuse=bool(why_kept.rule)
        or (found.may_act and _has_hour(line) and (line.state in (State.BOOKED, *OUTCOMES) or found.is_by_person)),
        is_reason_said=found.is_by_person and line.reason in EXCUSE_WORDS,
        can_undo_excuse=found.may_act and line.state is State.EXCUSED,
        can_join_files=found.may_act and line.state is not State.HELD,
        most_mb=most_mb,
        convene_href=_convene(found, now),
        again_href=_again(found),
        is_lost=line.state in LOST,
        map_href=search_again(line, today),
        calendar_href=f"/reservations/{line.id}.ics" if line.state in LIVE else "",
        establishment_href=f"/etablissement/?id={line.site_id}" if line.shape == Shape.NIGHTS else "",
        proposal_id=str(found.proposed.proposal_id) if found.proposed and found.may_act else "",
        proposed=_proposed(found, now),
        hours_note=zone_note(line.time_zone).strip(),
        history=[_past(step, line.time_zone, today) for step in found.steps],
        series=note_of(found.series, line.id) if found.series else Note(),
        repeat_href=_repeat(found),
        from_list=_from_list(found),
    )


def _reason(found: Dossier) -> str:
    return reason_words(found.line.reason, found.said)


def _from_list(found: Dossier) -> str:
    if found.offered_at is None:
        return ""
    return f"proposée le {moment(found.offered_at, ZoneInfo(found.line.time_zone))}"


def differences(before: View, after: View) -> list[Difference]:
    """Return what a sheet said and says no longer, what it says instead beside it."""
    said = (("État", "state"), ("Où", "site"), ("Quoi", "detail"), ("Quand", "when"), ("Pour", "whom"))
    pairs = ((label, getattr(before, name), getattr(after, name)) for label, name in said)
    return [Difference(label, old, new) for label, old, new in pairs if old != new]


def changes(after: View, count: int) -> list[str]:
    """Return the last changes in the history, who and what first, then when."""
    told = [f"{line.sentence.removesuffix('.')}, {line.at}." for line in after.history if line.is_change]
    return told[-count:] if count > 0 else []


def changed_sentence(refusal: ChangedMeanwhile) -> str:
    """Return the last thing that was done of a booking since somebody looked at it."""
    changed: tuple[Changed, ...] = refusal.facts["changes"]  # type: ignore[assignment]
    if not changed:
        return "Cette réservation a changé entre-temps."
    last = changed[-1]
    return f"Entre-temps{NBSP}: {act_sentence(last.act, last.facts, YOU if last.is_me else last.by)}"


def _has_hour(line: BookingLine) -> bool:
    """Say whether somebody is expected at an hour: a stay or a measure is not noted by coming or not."""
    return line.shape is Shape.SLOTS and line.starts_at is not None


def _proposed(found: Dossier, now: datetime) -> str:
    """Return "Du … au …, à accepter avant le …", or nothing."""
    line, zone = found.line, ZoneInfo(found.line.time_zone)
    if found.proposed is None or line.expires_at is None:
        return ""
    return f"{dates(found.proposed, zone)}. Les deux dates sont gardées jusqu’au {until(line.expires_at, now, zone)}."


def _unanswered(found: Dossier, today: date) -> str:
    """Return "sans réponse le mar. 24 nov." for a request that lapsed; nothing for what was only held, and others."""
    last = next((step for step in reversed(found.steps) if step.entry.act == "booking-lapsed"), None)
    if found.line.state is not State.LAPSED or last is None or last.entry.facts.get("before") != State.REQUESTED:
        return ""
    return f"sans réponse le {dated(local_day(last.entry.at, ZoneInfo(found.line.time_zone)), today)}"


def _convene(found: Dossier, now: datetime) -> str:
    """Return where the person of an appointment to come is summoned to it; empty when nobody may be."""
    line = found.line
    is_to_come = line.state is State.BOOKED and line.starts_at is not None and line.starts_at > now
    if not (found.may_act and is_to_come and _has_hour(line) and line.person_name):
        return ""
    return convene_address(line.id)


def _again(found: Dossier) -> str:
    """Return where somebody is summoned again who was missed or excused; empty when nobody may be."""
    line = found.line
    is_missed = line.state in (State.MISSED, State.EXCUSED) and _has_hour(line)
    return convene_again(line) if found.may_act and is_missed and line.person_name else ""


def _repeat(found: Dossier) -> str:
    """Return where it is repeated; empty for what comes only once, or is repeated already."""
    line = found.line
    is_repeated = line.shape in (Shape.SLOTS, Shape.PLACES) and line.state in LIVE and not line.is_designated
    may = found.may_act and is_repeated and found.series is None and found.is_for_somebody
    return form_address(reservation=line.id) if may else ""


def _why_kept(found: Dossier, today: date, now: datetime) -> Why:
    """Return why what is booked can't be given back any more, nothing when it can or when nobody would look for it."""
    line, zone = found.line, ZoneInfo(found.line.time_zone)
    last = latest(line.cancel_notice_min, zone, first_on=line.first_on, starts_at=line.starts_at)
    if last is None or now <= last or not found.may_act or line.state is not State.BOOKED:
        return Why()
    if _is_over(line, today, now):
        return Why()
    late = TooLate(booking_id=line.id, latest=last.astimezone(zone), minutes=line.cancel_notice_min)
    return why_of(late)


def _whom(line: BookingLine) -> str:
    if line.person_name:
        return line.person_name
    return whom(line.held_initials or "", line.case_ref, line.person_id, is_open=line.state is State.HELD)


def _passed(line: BookingLine, today: date, now: datetime) -> str:
    """Return who holds the file of somebody whom one booked this for, and what is left to do; nothing otherwise."""
    if not line.held_by:
        return ""
    told = (
        f"Le dossier de cette personne est passé à un autre service{NBSP}: {line.held_by}. Vous ne lisez plus son nom."
    )
    if line.state not in LIVE or _is_over(line, today, now):
        return told
    return f"{told} Cette réservation reste la vôtre{NBSP}: tenez-la, ou rendez la place et prévenez ce service."


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
    return Past(at, act_sentence(step.entry.act, step.entry.facts, who), is_change(step.entry.act))
