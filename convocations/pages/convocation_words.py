"""Convocations and their messages in words, as displayed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.meanwhile import SOMEBODY
from booking.models import State
from booking.pages.booking_words import address_of, dated, detail, open_address, whom, zone_note
from booking.waiting_earlier import Earlier
from booking.words import EXCUSE_WORDS, NBSP, reason_words
from convocations.callbacks import ToCallBack
from convocations.convening import Start
from convocations.helping import number_of
from convocations.kinds import Failure, MessageKind, MessageState, Standing
from convocations.link_models import DayPart
from convocations.outbox import MAY_LEAVE_AGAIN, TO_HANDLE, ListedMessage
from convocations.pages.addresses import convene_address, letter_address, link_of, paper_address, sheet_address
from convocations.pages.convene_words import StartChoice, value_of
from convocations.paper_models import ServedHow
from convocations.queries import ListedConvocation, Tab
from convocations.texts import Place, Texts
from convocations.wording import SmsFacts, spoken
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
PART_WORDS = {DayPart.MORNING: "le matin", DayPart.AFTERNOON: "l’après-midi"}
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
    MessageKind.EARLIER: "Date plus tôt proposée",
}
HOST_WORDS = {  # the same kinds, to the host of a request
    MessageKind.OFFER: "Demande à un lieu",
    MessageKind.REMINDER: "Relance d’un lieu",
    MessageKind.CANCELLATION: "Demande retirée à un lieu",
}
SERVED_WORDS = {
    ServedHow.HAND: "remise en main propre",
    ServedHow.LETTER: "lettre simple",
    ServedHow.REGISTERED: "lettre recommandée avec avis de réception",
    ServedHow.BAILIFF: "citation par commissaire de justice",
}
STATE_WORDS = {
    MessageState.PLANNED: ("à envoyer", "info"),
    MessageState.SENDING: ("part à l’instant", "new"),
    MessageState.SENT: ("parti", "success"),
    MessageState.UNDELIVERED: ("non remis", "error"),
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
    Failure.UNREACHABLE: "téléphone éteint ou hors de portée",
    Failure.FILTERED: "arrêté par l’opérateur de la personne",
    Failure.PROVIDER_BUSY: "l’opérateur est occupé : nouvel essai bientôt",
    Failure.PROVIDER_DOWN: "l’opérateur ne répond pas : nouvel essai bientôt",
    Failure.NOT_FOUND: "l’opérateur ne l’a pas : il repart",
    Failure.UNKNOWN: "personne ne sait s’il est parti : vérifiez auprès de la personne",
}


# What a host that said STOP, or whose request moved on, is said to be.
HOST_STATE_WORDS = {MessageState.WITHHELD: ("refusé par le lieu", "")}
HOST_FAILURE_WORDS: dict[str, str] = {
    Failure.OTHER_STATE: "la demande n’en est plus là",
    Failure.REFUSED: "ce lieu a répondu STOP : il reçoit les courriels",
    Failure.NO_PHONE: "le lieu ne donne plus de mobile",
    Failure.BLOCKED: "le lieu a répondu STOP à l’opérateur",
    Failure.FILTERED: "arrêté par l’opérateur du lieu",
    Failure.UNKNOWN: "personne ne sait s’il est parti : vérifiez auprès du lieu",
}
REFUSES = "Cette personne ne veut plus de SMS."
BLOCKED = (
    "Ce numéro est bloqué chez l’opérateur : la personne y a répondu STOP. Elle peut répondre START pour le rouvrir."
)


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
    why: str = ""  # they cannot come, or it was called off


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
    is_to_host: bool = False
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
    pdf: str = ""  # the letter
    statement: str = ""
    calendar: str = ""
    again: str = ""  # where to summon them to another appointment
    booking: str = ""
    refuses_sms: bool = False
    refusal: str = ""  # how they refuse
    can_move: bool = False
    can_withdraw: bool = False
    can_note: bool = False
    is_honoured: bool = False
    is_missed: bool = False
    is_excused: bool = False
    can_excuse: bool = False
    is_reason_said: bool = False  # by the person, who gave the appointment back
    has_person: bool = False
    reason: str = ""  # what was said of why
    number: str = ""
    call: str = ""  # a request to be called, or when it was answered
    wish: str = ""  # that they would come earlier, or what is offered to them
    can_wish: bool = False
    can_wish_wider: bool = False  # colleagues receive for the same there
    wishes: bool = False
    offer_id: str = ""
    helped: str = ""  # when a front desk opened the link with the person, and who
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
        when=_when_and_was(line, now=now),
        place=line.site_name,
        answer=words,
        badge=badge,
        why=reason_words(line.reason),
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


def _when_and_was(line: ListedConvocation, *, now: datetime) -> str:
    """Return the same, and which appointment was given back by who has none: it may be excused."""
    words = when_of(line, now=now)
    if line.starts_at is None or line.standing is not Standing.DECLINED:
        return words
    return f"{words}{NBSP}; a rendu celui du {when_of(replace(line, standing=Standing.SET), now=now)}"


def passed_words(initials: str, service: str) -> str:
    """Return for whom it is, when another service holds their file and so is alone to read their name."""
    return f"{whom(initials, '', None)}, dossier passé à un autre service{NBSP}: {service}"


def answer_of(line: ListedConvocation, *, now: datetime) -> tuple[str, str]:
    """Return where it stands and what the person answered, in words, with the tone of a badge."""
    if line.standing is Standing.DECLINED and line.state is State.EXCUSED:
        return f"{STANDING_WORDS[Standing.DECLINED][0]}, excusé(e)", "warning"
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


def view_of(
    line: ListedConvocation,
    messages: Sequence[ListedMessage],
    *,
    may_note: bool,
    now: datetime,
    call: ToCallBack | None = None,
    helps: Sequence[tuple[datetime, str]] = (),
    earlier: Earlier | None = None,
    may_wish: bool = False,
    has_colleagues: bool = False,
    why: str = "",
) -> View:
    """Return a convocation as its sheet displays it, with only the acts that would be heard.

    `why` is what was said beside the reason "other".
    """
    words, badge = answer_of(line, now=now)
    is_booked = line.standing is Standing.SET and line.state is State.BOOKED and line.starts_at is not None
    has_begun = line.starts_at is not None and line.starts_at <= now
    is_over = line.state in (State.HONOURED, State.MISSED, State.EXCUSED)
    stands = line.standing in (Standing.CHOOSING, Standing.DECLINED) or (is_booked and not has_begun)
    is_choosing = line.standing is Standing.CHOOSING
    can_wish = may_note and may_wish and is_booked and not has_begun and not line.refuses_sms and earlier is None
    is_declined = line.standing is Standing.DECLINED and line.state is State.CANCELLED
    again = {"personne": line.person_id, "type": line.kind_code}
    return View(
        id=str(line.id or ""),
        booking_id=str(line.booking_id or ""),
        whom=whom(line.initials, line.case_ref, line.person_id),
        detail=detail(line.kind_label, line.resource_name, None),
        when=_when_and_was(line, now=now),
        place=f"{line.site_name}, {address_of(line.address, line.postcode, line.commune)}",
        answer=words,
        badge=badge,
        reminder=f"{line.reminder_hours}{NBSP}h avant",
        link=link_of(line.link) if line.link and line.standing is not Standing.WITHDRAWN else "",
        letter=letter_address(line.id) if line.standing in (Standing.SET, Standing.CHOOSING) else "",
        pdf=paper_address(line.id, ".pdf") if line.initials and ((is_booked and not has_begun) or is_choosing) else "",
        statement=paper_address(line.id, "/releve.pdf") if line.initials else "",
        calendar=paper_address(line.id, ".ics") if is_booked else "",
        again=convene_address(**again) if line.initials and not (is_booked and not has_begun) else "",
        booking=open_address(line.booking_id) if line.booking_id else "",
        refuses_sms=line.refuses_sms,
        refusal=BLOCKED if line.is_blocked else REFUSES,
        can_move=may_note and is_booked and not has_begun,
        can_withdraw=may_note and stands,
        can_note=may_note and has_begun and (is_booked or is_over),
        is_honoured=line.state is State.HONOURED,
        is_missed=line.state is State.MISSED,
        is_excused=line.state is State.EXCUSED,
        can_excuse=may_note and (is_booked or is_declined or line.state is State.MISSED),
        is_reason_said=is_declined and line.reason in EXCUSE_WORDS,
        has_person=bool(line.initials),
        reason=reason_words(line.reason, why),
        number=number_of(line.id) if line.id else "",
        call=call_words(call, now=now) if call else "",
        wish=wish_words(earlier, ZoneInfo(line.time_zone), now=now) if earlier else "",
        can_wish=can_wish,
        can_wish_wider=can_wish and has_colleagues,
        wishes=may_note and earlier is not None,
        offer_id=str(earlier.offer.id) if may_note and earlier and earlier.offer else "",
        helped=helped_words(helps, ZoneInfo(line.time_zone), now=now),
        messages=[message_row(one, now=now) for one in messages],
    )


def call_words(call: ToCallBack, *, now: datetime) -> str:
    """Return that somebody asked to be called, or was."""
    zone = ZoneInfo(call.time_zone)
    if call.done_at is not None:
        return f"rappelé(e) {at_words(call.done_at, zone, now=now)}"
    return f"à rappeler {PART_WORDS[call.part]}, demande reçue {at_words(call.asked_at, zone, now=now)}"


def wish_words(earlier: Earlier, zone: ZoneInfo, *, now: datetime) -> str:
    """Return that somebody is to be told of an earlier date, or which one is held for them and until when."""
    if earlier.offer is None:
        where = ", même chez un collègue" if len(earlier.resource_ids) > 1 else ""
        asked = at_words(earlier.since, zone, now=now)
        return f"un SMS préviendra si une date plus tôt se libère{where} (demandé {asked})"
    offer = earlier.offer
    return f"place du {moment(offer.starts_at, zone)} proposée, gardée jusqu’au {moment(offer.ends_at, zone)}"


def helped_words(helps: Sequence[tuple[datetime, str]], zone: ZoneInfo, *, now: datetime) -> str:
    """Return when the link was last opened with the person, and by whom."""
    return "" if not helps else f"par {helps[0][1] or SOMEBODY}, {at_words(helps[0][0], zone, now=now)}"


def message_row(one: ListedMessage, *, now: datetime) -> MessageRow:
    """Return a message as displayed."""
    is_to_host = one.convocation_id is None
    words, badge = (HOST_STATE_WORDS if is_to_host else STATE_WORDS).get(one.state, STATE_WORDS[one.state])
    is_handled = one.handled_at is not None
    return MessageRow(
        id=str(one.id),
        kind=HOST_WORDS[one.kind] if is_to_host else MESSAGE_WORDS[one.kind],
        whom=one.host or (whom(one.initials, "", None) if one.initials else "personne effacée"),
        phone=f"…{NBSP}{one.phone_end}" if one.phone_end else "sans numéro",
        state=f"{words}, traité" if is_handled else words,
        badge="" if is_handled else badge,
        why=failure_words(one.failure, is_to_host=is_to_host),
        at=moment_words(one, now=now),
        size=f"{one.segments}{NBSP}SMS" if one.segments else "",
        sheet=about_address(one.convocation_id, one.booking_id),
        is_to_host=is_to_host,
        can_retry=one.state in MAY_LEAVE_AGAIN,
        can_cancel=one.state is MessageState.PLANNED,
        can_handle=one.state in TO_HANDLE and not is_handled,
    )


def about_address(convocation_id: object | None, booking_id: object | None) -> str:
    """Return the address that opens what a message is about: a convocation, or what is asked of a host."""
    return sheet_address(convocation_id) if convocation_id else open_address(booking_id)


def failure_words(code: str, *, is_to_host: bool = False) -> str:
    """Return why a message did not leave, in French."""
    if is_to_host and code in HOST_FAILURE_WORDS:
        return HOST_FAILURE_WORDS[code]
    if code.startswith("provider-") and code not in FAILURE_WORDS:
        return f"refus de l’opérateur ({code.removeprefix('provider-')})"
    return FAILURE_WORDS.get(code, code)


def moment_words(one: ListedMessage, *, now: datetime) -> str:
    """Return when a message left, or is to leave, by the clock of the place."""
    zone = ZoneInfo(one.time_zone)
    if one.delivered_at is not None:
        return f"remis {at_words(one.delivered_at, zone, now=now)}{zone_note(one.time_zone)}"
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


def draft(one: ListedMessage, line: ListedConvocation, link: str, texts: Texts) -> str:
    """Return the text of a message that has not left, as it would leave now; empty when it cannot be said."""
    facts = SmsFacts(
        zone=ZoneInfo(line.time_zone),
        address=address_of(line.address, line.postcode, line.commune),
        link=link,
        starts_at=one.about_at,
        choose_by=line.choose_by,
    )
    try:
        return texts.write(one.kind, spoken(line.language), facts, Place(line.kind_id, line.organisation_id)).body
    except ValueError:
        return ""  # what it would have said has no date any more


def move_choice(start: Start, zone: ZoneInfo, who: str) -> StartChoice:
    """Return a start to move an appointment to."""
    at = hour(start.at, zone)
    return StartChoice(value_of(start), day(start.day), at, who, f"{day(start.day)} à{NBSP}{at}, {who}")
