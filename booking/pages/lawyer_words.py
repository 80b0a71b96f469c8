"""The French of lawyers' dates. Pure; no rule branches on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby

from babel.dates import format_date

from availability.errors import Refusal
from availability.openings import local_day
from booking.hearing_template_models import Formation
from booking.hosting_models import MailState
from booking.lawyer_hearings import Attempt, LawyerHearing
from booking.lawyer_invitations import Mailed
from booking.lawyer_looking import Looked, OpenDate
from booking.lawyer_models import Per, Procedure, WhyNone
from booking.models import State
from booking.pages.hours_words import capital
from booking.words import STATE_BADGES
from portal.ui.dates import LOCALE, NBSP, day, from_today, hour, long_day, moment, plural

PROCEDURE_WORDS = {
    Procedure.MERITS: "Au fond",
    Procedure.SUMMARY: "Référé",
    Procedure.FAST: "Procédure accélérée au fond",
}
FORMATION_WORDS = {Formation.SINGLE: "juge unique", Formation.PANEL: "formation collégiale"}
PER_WORDS = {Per.SESSION: "par audience", Per.MONTH: "par mois"}
NONE_TITLES = {
    WhyNone.NOT_CONFIGURED: "Aucune date n’est ouverte",
    WhyNone.FULL: "Toutes les dates sont complètes",
    WhyNone.TOO_SHORT: "Le délai est trop court",
    WhyNone.WITHOUT_DATE: "Cette affaire se présente sans date",
    WhyNone.CONVENTION: "Le nombre convenu est atteint",
}
NONE_WORDS = {
    WhyNone.NOT_CONFIGURED: "Le tribunal n’a ouvert aucune audience à la prise de date pour cette procédure et cette"
    " nature d’affaire.",
    WhyNone.FULL: "Des audiences sont ouvertes, et aucune n’a plus de place dans les délais : nombre d’affaires, durée"
    " ou quota de cette famille d’affaires atteint.",
    WhyNone.TOO_SHORT: "Des audiences ont de la place, mais trop tôt : le délai minimal du tribunal, ou son dernier"
    " jour pour prendre date, ne le permet plus.",
    WhyNone.WITHOUT_DATE: "Le tribunal ne donne pas de date d’avance pour cette nature d’affaire : saisissez-le par"
    " requête, il fixera l’audience.",
    WhyNone.CONVENTION: "La convention passée avec le tribunal limite le nombre de dates sur ces audiences.",
}
# Of one date, when others may be free.
ONE_WORDS = {
    WhyNone.NOT_CONFIGURED: "Cette audience n’est plus ouverte à la prise de date : choisissez-en une autre.",
    WhyNone.FULL: "Cette audience n’a plus de place pour cette affaire, elle vient d’être prise : choisissez-en une"
    " autre.",
    WhyNone.TOO_SHORT: "Cette audience est désormais trop proche pour y prendre date : choisissez-en une autre.",
    WhyNone.WITHOUT_DATE: f"Cette date n’est plus possible. {NONE_WORDS[WhyNone.WITHOUT_DATE]}",
    WhyNone.CONVENTION: "Le nombre de dates convenu avec le tribunal y est atteint : choisissez-en une autre.",
}
HEARING_STATES = {
    State.BOOKED: "fixée",
    State.HONOURED: "tenue",
    State.MISSED: "personne ne s’est présenté",
    State.CANCELLED: "rendue",
    State.EXCUSED: "excusée",
    State.REFUSED: "refusée",
    State.LAPSED: "expirée",
}
RELEASED = "libérée par le greffe"


@dataclass(frozen=True)
class DateRow:
    """A date that can be taken, as displayed."""

    id: str
    when: str
    detail: str
    room_left: str
    is_away: bool


@dataclass(frozen=True)
class Month:
    """The dates of a month."""

    label: str
    dates: list[DateRow]


@dataclass(frozen=True)
class HearingRow:
    """A hearing of a lawyer, as displayed."""

    id: str
    when: str
    soon: str
    court: str
    what: str  # kind, chamber
    where: str  # formation and room
    case: str
    state: str
    badge: str
    summons: str  # what is said of the summons, empty when nothing is
    is_late: bool
    can_change: bool
    until: str  # until when it can be changed
    has_proof: bool
    can_file: bool


def no_date(refusal: Refusal) -> str:
    """Return why a date can no longer be taken."""
    why = refusal.facts.get("why")
    return ONE_WORDS[why if isinstance(why, WhyNone) else WhyNone.NOT_CONFIGURED]


def change_over(refusal: Refusal) -> str:
    """Return until when a date could be changed."""
    last = refusal.facts.get("last_on")
    until = f" jusqu’au {long_day(last)}" if isinstance(last, date) else ""
    return f"Le tribunal laisse déplacer ou rendre cette date{until} : appelez le greffe."


def mailed_words(mailed: Mailed | None, zone: tzinfo) -> str:
    """Return what became of the e-mail of an invitation, and what is left to do when it did not leave."""
    if mailed is None or mailed.on_screen:
        return "aucun courriel ne part d’ici : copiez le lien et envoyez-le"
    match mailed.state:
        case MailState.PLANNED | MailState.SENDING:
            return "courriel en cours d’envoi"
        case MailState.SENT if mailed.sent_at is not None:
            return f"courriel parti le {day(local_day(mailed.sent_at, zone))}"
    return "le courriel n’est pas parti : vérifiez l’adresse, ou envoyez le lien"


def nature_words(known: dict[str, str], code: str) -> str:
    """Return "20J – Demande en divorce autre…"."""
    return f"{code} – {known[code]}" if code in known else code


def nature_typed(known: dict[str, str], typed: str) -> str:
    """Return the code that was typed or chosen, alone, before its words, or by its words; nothing when it is none."""
    words = " ".join(typed.split())
    code = words.partition(" ")[0].upper()
    if code in known:
        return code
    same = [code for code, label in known.items() if label.casefold() == words.casefold()]
    return same[0] if len(same) == 1 else ""


def months_of(dates: Sequence[OpenDate]) -> list[Month]:
    """Return the dates by month."""
    return [
        Month(capital(format_date(first, "MMMM y", locale=LOCALE)), [date_row(one) for one in found])
        for first, found in groupby(dates, key=lambda one: one.day.replace(day=1))
    ]


def date_row(one: OpenDate) -> DateRow:
    """Return a date as displayed."""
    return DateRow(
        id=str(one.hearing_id),
        when=moment(one.starts_at, one.zone),
        detail=_dotted((one.name, formation_words(one.formation), one.room)),
        room_left=f"{plural(one.cases_left, 'place')}, {one.minutes_left}{NBSP}min",
        is_away=one.is_away,
    )


def proposed_first(dates: Sequence[OpenDate]) -> OpenDate | None:
    """Return the earliest date on which the lawyer is available, else the earliest of all."""
    return next((one for one in dates if not one.is_away), dates[0] if dates else None)


def counted(looked: Looked) -> str:
    """Return how many dates there are, and what was left aside."""
    said = [f"{plural(looked.count, 'date')} avec de la place"]
    if full := looked.refused[WhyNone.FULL]:
        said.append(plural(full, "complète"))
    if agreed := looked.refused[WhyNone.CONVENTION]:
        said.append(f"{agreed}{NBSP}au nombre convenu")
    if short := looked.refused[WhyNone.TOO_SHORT]:
        said.append(f"{short}{NBSP}trop proche{'s' if short > 1 else ''}")
    return ", ".join(said)


def not_listed(looked: Looked) -> str:
    """Return how the dates that are not listed are seen, nothing when all are."""
    left = looked.count - len(looked.dates)
    if not left:
        return ""
    if not looked.dates:
        return "Aucune à partir de ce jour\N{NO-BREAK SPACE}: choisissez-en un autre."
    last = day(looked.dates[-1].day, year=True)
    listed = plural(len(looked.dates), "date affichée", "dates affichées")
    return f"{listed}, jusqu’au {last}. Pour d’autres, changez le jour."


def looked_at(why: WhyNone, sessions: int, full: int, short: int, last_on: date | None) -> str:
    """Return what was looked at when nothing was found; nothing of a case that has no date."""
    if why is WhyNone.WITHOUT_DATE:
        return ""
    if not sessions:
        return "Aucune audience ouverte à cette demande n’a été trouvée."
    until = f" jusqu’au {long_day(last_on)}" if last_on else ""
    agreed = " ou au nombre convenu" if why is WhyNone.CONVENTION else ""  # an attempt counts both together
    parts = [f"{plural(full, 'complète')}{agreed}" if full else "", f"{short}{NBSP}hors délai" if short else ""]
    return f"{plural(sessions, 'audience')} examinée{'s' if sessions > 1 else ''}{until} : {_joined(parts)}."


def recap(one: OpenDate, court: str, today: date) -> str:
    """Return what is held, in a sentence."""
    where = _dotted((court, one.name, formation_words(one.formation), one.room))
    return (
        f"{capital(long_day(one.day))} à{NBSP}{hour(one.starts_at, one.zone)} ({from_today(one.day, today)}) – {where}"
    )


def summons_rule(due: date, given_on: date, hearing_on: date) -> str:
    """Return until when the summons is to be handed in, and why."""
    source = (
        "quinze jours avant l’audience (CPC, art. 754)" if (hearing_on - given_on).days > 15 else "avant l’audience"
    )
    return f"Projet d’assignation à remettre au plus tard le {long_day(due)}, {source}."


def formation_words(formation: str) -> str:
    """Return the formation, nothing when it is not known."""
    return next((words for known, words in FORMATION_WORDS.items() if known == formation), "")


def hearing_row(one: LawyerHearing, *, known: dict[str, str], today: date, now: datetime) -> HearingRow:
    """Return a hearing as its lawyer reads it."""
    on = one.starts_at.astimezone(one.zone).date()
    is_late = _is_late(one, today) and one.starts_at > now
    procedure = PROCEDURE_WORDS[Procedure(one.procedure)] if one.procedure else ""
    return HearingRow(
        id=str(one.booking_id),
        when=f"{capital(long_day(on))} à{NBSP}{hour(one.starts_at, one.zone)}",
        soon=from_today(on, today),
        court=one.court,
        what=_dotted((capital(one.kind), one.name)),
        where=_dotted((formation_words(one.formation), one.room)) or "Formation et salle à venir",
        case=_dotted((one.parties or one.client, one.case_ref, procedure, nature_words(known, one.nature))),
        state=RELEASED if one.released_at else HEARING_STATES.get(one.state, str(one.state)),
        badge="warning" if one.released_at else STATE_BADGES[one.state],
        summons=_summons(one, is_late=is_late) if one.is_taken and one.is_on and one.starts_at > now else "",
        is_late=is_late,
        can_change=one.may_change(today) and one.starts_at > now,
        until=f"à changer jusqu’au {day(one.change_until)}" if one.change_until else "",
        has_proof=one.is_taken and one.confirmed_at is not None,
        can_file=one.is_taken and one.state is State.BOOKED and one.starts_at > now,
    )


def attempt_lines(attempt: Attempt, known: dict[str, str]) -> list[tuple[str, str]]:
    """Return what a proof of an attempt says, as (name, words)."""
    row = attempt.row
    return [
        ("Tribunal", attempt.court),
        ("Procédure", PROCEDURE_WORDS[Procedure(row.procedure)]),
        ("Nature de l’affaire", nature_words(known, row.nature)),
        ("Réponse", NONE_TITLES[WhyNone(row.why)]),
        ("Motif", NONE_WORDS[WhyNone(row.why)]),
        ("Examiné", looked_at(WhyNone(row.why), row.sessions, row.full, row.too_short, row.last_on)),
    ]


def _is_late(one: LawyerHearing, today: date) -> bool:
    return bool(one.is_on and not one.has_summons and one.summons_due_on and today > one.summons_due_on)


def _summons(one: LawyerHearing, *, is_late: bool) -> str:
    if one.has_summons:
        return "Projet d’assignation remis"
    if one.summons_due_on is None:
        return ""
    due = long_day(one.summons_due_on)
    if is_late:
        return f"Projet d’assignation non remis, attendu le {due} : le greffe peut libérer la date"
    return f"Projet d’assignation à remettre au plus tard le {due}"


def _dotted(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)
