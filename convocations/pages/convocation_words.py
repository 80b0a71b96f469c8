"""Convocations and their messages in words, as displayed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.models import State
from booking.pages.booking_words import address_of, dated, detail, open_address, whom, zone_note
from booking.words import NBSP
from convocations.convening import Start
from convocations.kinds import Failure, MessageKind, MessageState, Standing
from convocations.outbox import MAY_LEAVE_AGAIN, TO_HANDLE, ListedMessage
from convocations.pages.addresses import convene_address, letter_address, link_of, sheet_address
from convocations.pages.convene_words import StartChoice, value_of
from convocations.queries import ListedConvocation, Tab
from convocations.wording import SmsFacts, sms, spoken
from portal.ui.dates import day, from_today, hour, moment

TAB_WORDS = {
    Tab.UPCOMING: "À venir",
    Tab.CHOOSING: "À choisir",
    Tab.TO_NOTE: "À pointer",
    Tab.DECLINED: "Ne peut pas venir",
    Tab.ALL: "Toutes",
}
NONE_WORDS = {
    Tab.UPCOMING: "Aucun rendez-vous à venir",
    Tab.CHOOSING: "Personne n’a à choisir",
    Tab.TO_NOTE: "Tout est pointé",
    Tab.DECLINED: "Personne n’a dit ne pas pouvoir venir",
    Tab.ALL: "Aucune convocation pour l’instant",
}
STANDING_WORDS = {
    Standing.WITHDRAWN: ("convocation annulée", ""),
    Standing.DECLINED: ("a dit ne pas pouvoir venir", "error"),
}
OUTCOME_WORDS = {
    State.HONOURED: ("est venu(e)", "success"),
    State.MISSED: ("n’est pas venu(e)", "error"),
    State.EXCUSED: ("excusé(e)", "warning"),
    State.CANCELLED: ("rendez-vous annulé", ""),
}
MESSAGE_WORDS = {
    MessageKind.OFFER: "Choisir son rendez-vous",
    MessageKind.CONFIRMATION: "Confirmation",
    MessageKind.REMINDER: "Rappel",
    MessageKind.CHANGE: "Changement",
    MessageKind.CANCELLATION: "Annulation",
    MessageKind.MISSED: "Rendez-vous manqué",
}
STATE_WORDS = {
    MessageState.PLANNED: ("à envoyer", "info"),
    MessageState.SENDING: ("part à l’instant", "new"),
    MessageState.SENT: ("parti", "success"),
    MessageState.FAILED: ("échoué", "error"),
    MessageState.FLAGGED: ("à vérifier", "warning"),
    MessageState.OUTDATED: ("trop tard", "warning"),
    MessageState.WITHHELD: ("refusé par la personne", ""),
    MessageState.CANCELLED: ("annulé", ""),
}
FAILURE_WORDS: dict[str, str] = {
    Failure.NOT_STANDING: "la convocation a changé",
    Failure.OTHER_STATE: "le rendez-vous n’en est plus là",
    Failure.MOVED: "le rendez-vous a été déplacé",
    Failure.ERASED: "la personne a été effacée",
    Failure.BY_AGENT: "annulé par un agent",
    Failure.TOO_LATE: "il n’était plus utile quand il aurait pu partir",
    Failure.REFUSED: "la personne ne veut plus de SMS",
    Failure.NO_PHONE: "pas de téléphone : remettez la convocation imprimée",
    Failure.NOT_MOBILE: "pas un mobile : remettez la convocation imprimée",
    Failure.NO_ADDRESS: "le lieu n’a pas d’adresse qu’un SMS puisse donner",
    Failure.UNREADABLE: "le numéro ne peut plus être lu",
    Failure.UNWRITABLE: "une erreur de notre fait : elle est dans le journal technique",
    Failure.BLOCKED: "numéro bloqué chez l’opérateur : prévenez par courrier",
    Failure.INVALID_NUMBER: "l’opérateur ne connaît pas ce numéro",
    Failure.PROVIDER_BUSY: "l’opérateur est occupé : nouvel essai bientôt",
    Failure.PROVIDER_DOWN: "l’opérateur ne répond pas : nouvel essai bientôt",
    Failure.NOT_FOUND: "l’opérateur ne l’a pas : il repart",
    Failure.UNKNOWN: "personne ne sait s’il est parti : vérifiez auprès de la personne",
}


@dataclass(frozen=True)
class Row:
    """A convocation in the list."""

    id: str
    href: str
    whom: str
    detail: str
    when: str
    place: str
    answer: str
    badge: str
    made: str


@dataclass(frozen=True)
class MessageRow:
    """A message in the outbox, or under its convocation."""

    id: str
    kind: str
    whom: str
    phone: str  # its last digits
    state: str
    badge: str
    why: str
    at: str
    size: str
    sheet: str
    can_retry: bool = False
    can_cancel: bool = False
    can_handle: bool = False


@dataclass(frozen=True)
class View:
    """A convocation as its sheet displays it; an empty text is not displayed."""

    id: str = ""
    booking_id: str = ""
    whom: str = ""
    detail: str = ""
    when: str = ""
    place: str = ""
    answer: str = ""
    badge: str = ""
    reminder: str = ""
    link: str = ""
    letter: str = ""
    again: str = ""  # where to summon them to another appointment
    booking: str = ""
    refuses_sms: bool = False
    can_move: bool = False
    can_withdraw: bool = False
    can_note: bool = False
    is_honoured: bool = False
    is_missed: bool = False
    is_excused: bool = False
    can_excuse: bool = False
    has_person: bool = False
    messages: list[MessageRow] = field(default_factory=list)


def row_of(line: ListedConvocation, *, now: datetime) -> Row:
    """Return a line of the list, as displayed."""
    zone = ZoneInfo(line.time_zone)
    words, badge = answer_of(line, now=now)
    return Row(
        id=str(line.id or line.booking_id),
        href=sheet_address(line.id) if line.id else open_address(line.booking_id),
        whom=whom(line.initials, line.case_ref, line.person_id),
        detail=detail(line.kind_label, line.resource_name, None),
        when=when_of(line, now=now),
        place=line.site_name,
        answer=words,
        badge=badge,
        made=dated(local_day(line.created_at, zone), local_day(now, zone)),
    )


def when_of(line: ListedConvocation, *, now: datetime) -> str:
    """Return the hour of the appointment, or until when the person may choose one."""
    zone = ZoneInfo(line.time_zone)
    if line.starts_at is not None and line.standing is not Standing.DECLINED:
        on = local_day(line.starts_at, zone)
        return f"{dated(on, local_day(now, zone))} à{NBSP}{hour(line.starts_at, zone)}{zone_note(line.time_zone)}"
    if line.choose_by is not None and line.standing is Standing.CHOOSING:
        return f"à choisir avant le {day(line.choose_by)} au soir"
    return "sans rendez-vous"


def answer_of(line: ListedConvocation, *, now: datetime) -> tuple[str, str]:
    """Return where it stands and what the person answered, in words, with the tone of a badge."""
    if line.standing in STANDING_WORDS:
        return STANDING_WORDS[line.standing]
    if line.standing is Standing.CHOOSING:
        today = local_day(now, ZoneInfo(line.time_zone))
        late = line.choose_by is not None and line.choose_by < today
        return ("n’a pas choisi à temps", "error") if late else ("n’a pas encore choisi", "info")
    if line.state in OUTCOME_WORDS:
        return OUTCOME_WORDS[line.state]
    if line.ends_at is not None and line.ends_at <= now:
        return "à pointer", "new"
    return ("a confirmé", "success") if line.confirmed_at else ("n’a pas encore répondu", "info")


def view_of(line: ListedConvocation, messages: Sequence[ListedMessage], *, may_note: bool, now: datetime) -> View:
    """Return a convocation as its sheet displays it, with only the acts that would be heard."""
    words, badge = answer_of(line, now=now)
    is_booked = line.standing is Standing.SET and line.state is State.BOOKED and line.starts_at is not None
    has_begun = line.starts_at is not None and line.starts_at <= now
    is_over = line.state in (State.HONOURED, State.MISSED, State.EXCUSED)
    stands = line.standing in (Standing.CHOOSING, Standing.DECLINED) or (is_booked and not has_begun)
    again = {"personne": line.person_id, "type": line.kind_code}
    return View(
        id=str(line.id or ""),
        booking_id=str(line.booking_id or ""),
        whom=whom(line.initials, line.case_ref, line.person_id),
        detail=detail(line.kind_label, line.resource_name, None),
        when=when_of(line, now=now),
        place=f"{line.site_name}, {address_of(line.address, line.postcode, line.commune)}",
        answer=words,
        badge=badge,
        reminder=f"{line.reminder_hours}{NBSP}h avant",
        link=link_of(line.link) if line.link and line.standing is not Standing.WITHDRAWN else "",
        letter=letter_address(line.id) if line.standing in (Standing.SET, Standing.CHOOSING) else "",
        again=convene_address(**again) if line.initials and not (is_booked and not has_begun) else "",
        booking=open_address(line.booking_id) if line.booking_id else "",
        refuses_sms=line.refuses_sms,
        can_move=may_note and is_booked and not has_begun,
        can_withdraw=may_note and stands,
        can_note=may_note and has_begun and (is_booked or is_over),
        is_honoured=line.state is State.HONOURED,
        is_missed=line.state is State.MISSED,
        is_excused=line.state is State.EXCUSED,
        can_excuse=may_note and (is_booked or line.state is State.MISSED),
        has_person=bool(line.initials),
        messages=[message_row(one, now=now) for one in messages],
    )


def message_row(one: ListedMessage, *, now: datetime) -> MessageRow:
    """Return a message as displayed."""
    words, badge = STATE_WORDS[one.state]
    is_handled = one.handled_at is not None
    return MessageRow(
        id=str(one.id),
        kind=MESSAGE_WORDS[one.kind],
        whom=whom(one.initials, "", None) if one.initials else "personne effacée",
        phone=f"…{NBSP}{one.phone_end}" if one.phone_end else "sans numéro",
        state=f"{words}, traité" if is_handled else words,
        badge="" if is_handled else badge,
        why=failure_words(one.failure),
        at=moment_words(one, now=now),
        size=f"{one.segments}{NBSP}SMS" if one.segments else "",
        sheet=sheet_address(one.convocation_id),
        can_retry=one.state in MAY_LEAVE_AGAIN,
        can_cancel=one.state is MessageState.PLANNED,
        can_handle=one.state in TO_HANDLE and not is_handled,
    )


def failure_words(code: str) -> str:
    """Return why a message did not leave, in French."""
    if code.startswith("provider-") and code not in FAILURE_WORDS:
        return f"refus de l’opérateur ({code.removeprefix('provider-')})"
    return FAILURE_WORDS.get(code, code)


def moment_words(one: ListedMessage, *, now: datetime) -> str:
    """Return when a message left, or is to leave, by the clock of the place."""
    zone = ZoneInfo(one.time_zone)
    if one.sent_at is not None:
        return f"parti {at_words(one.sent_at, zone, now=now)}{zone_note(one.time_zone)}"
    if one.state in (MessageState.PLANNED, MessageState.SENDING):
        if one.due_at <= now:
            return "part maintenant"
        return f"partira {at_words(one.due_at, zone, now=now)}{zone_note(one.time_zone)}"
    return f"prévu {at_words(one.due_at, zone, now=now)}{zone_note(one.time_zone)}"


def at_words(at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Return "aujourd’hui à 9 h 30", or "mar. 24 nov. à 9 h 30"."""
    on, today = local_day(at, zone), local_day(now, zone)
    if abs((on - today).days) < 2:
        return f"{from_today(on, today)} à{NBSP}{hour(at, zone)}"
    return moment(at, zone)


def draft(one: ListedMessage, line: ListedConvocation, link: str) -> str:
    """Return the text of a message that has not left, as it would leave now; empty when it cannot be said."""
    facts = SmsFacts(
        zone=ZoneInfo(line.time_zone),
        address=address_of(line.address, line.postcode, line.commune),
        link=link,
        starts_at=one.about_at,
        choose_by=line.choose_by,
    )
    try:
        return sms(one.kind, spoken(line.language), facts)
    except ValueError:
        return ""  # what it would have said has no date any more


def move_choice(start: Start, zone: ZoneInfo, who: str) -> StartChoice:
    """Return a start to move an appointment to."""
    at = hour(start.at, zone)
    return StartChoice(value_of(start), day(start.day), at, who, f"{day(start.day)} à{NBSP}{at}, {who}")
