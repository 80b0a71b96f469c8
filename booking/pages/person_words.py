"""People and their files in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import phonenumbers

from availability.openings import local_day
from availability.places import Source
from booking.divestment import ListedDivestment, ToAnswer
from booking.duplicates import Alike
from booking.pages.booking_words import MAINLAND, dated, open_address, when
from booking.person_models import REASON_LENGTH, DivestmentState, FileKind, PhoneKind, Said
from booking.person_phones import PhoneLine
from booking.person_sheet import MOST_COUNTED, Engagement, FollowingLine, HistoryOf, ListedPerson, PersonSheet
from booking.persons import age_on
from booking.words import ACT_WORDS, STATE_BADGES, STATE_WORDS, act_sentence, many
from portal.ui.dates import NBSP, day, ended, from_today, grouped, hour, plural

ADDRESS = "/personnes/"
DUPLICATES = "/personnes/doublons/"
PASSING = "/personnes/dessaisissements/"
LONGEST_WHY = REASON_LENGTH
TABS = {
    "identite": "Identité",
    "contact": "Contact",
    "services": "Services",
    "rendez-vous": "Rendez-vous",
    "historique": "Historique",
}
PHONE_KINDS = {
    PhoneKind.MOBILE: "Mobile",
    PhoneKind.FIXED: "Fixe",
    PhoneKind.RELATIVE: "D’un proche",
    PhoneKind.EDUCATOR: "D’un éducateur",
    PhoneKind.OTHER: "Autre",
}
FILE_KINDS = {
    FileKind.APPI: "APPI",
    FileKind.PROSECUTION: "Parquet",
    FileKind.INVESTIGATION: "Instruction",
    FileKind.ENFORCEMENT: "Application des peines",
    FileKind.PRISON: "Écrou",
    FileKind.CIVIL: "RG",
    FileKind.OTHER: "Autre",
}
SAID_WORDS = {
    Said.ORAL: "dit de vive voix",
    Said.WRITTEN: "écrit",
    Said.STOP: "par STOP",
    Said.LINK: "par le lien",
}
REFUSED_WORDS = {"link": "dit par le lien", "desk": "dit au guichet", "provider": "STOP", "sms": "STOP par SMS"}
FIELD_WORDS = {
    "family_name": "le nom",
    "given_name": "le prénom",
    "usage_name": "le nom d’usage",
    "aliases": "les autres noms",
    "birth_on": "la date de naissance",
    "sex": "le sexe",
    "language": "la langue",
    "file_number": "le numéro de dossier",
    "address": "l’adresse",
}
PASSING_WORDS = {
    DivestmentState.ASKED: ("attend une réponse", "new"),
    DivestmentState.ACCEPTED: ("accepté", "success"),
    DivestmentState.REFUSED: ("refusé", "error"),
    DivestmentState.AUTOMATIC: ("passé sans réponse", "warning"),
    DivestmentState.WITHDRAWN: ("retiré", ""),
}
# What follows "Camille" or "Vous avez": the participle agrees with nothing.
DONE_WORDS = {
    "person-created": "ouvert le dossier",
    "person-changed": "changé",
    "person-phone-added": "ajouté un téléphone",
    "person-phone-ended": "noté qu’un téléphone n’est plus le sien",
    "person-phone-reopened": "remis un téléphone",
    "person-phone-chosen": "choisi le téléphone qui reçoit les SMS",
    "person-phone-agreed": "noté un accord pour les SMS",
    "person-phone-refused": "noté un refus des SMS",
    "person-file-added": "ajouté un numéro de dossier",
    "person-file-removed": "retiré un numéro de dossier",
    "person-followed": "ajouté un service qui suit",
    "person-unfollowed": "noté qu’un service ne suit plus",
    "person-merged": "réuni deux dossiers",
    "person-unmerged": "séparé deux dossiers",
    "person-kept-apart": "noté avec qui ne pas l’héberger",
    "person-let-together": "retiré avec qui ne pas l’héberger",
    "divestment-asked": "demandé un dessaisissement",
    "divestment-accepted": "accepté le dessaisissement",
    "divestment-refused": "refusé le dessaisissement",
    "divestment-withdrawn": "retiré la demande de dessaisissement",
    "sms-refused": "noté que la personne ne veut plus de SMS",
    "sms-accepted": "noté que la personne veut à nouveau des SMS",
}
CLOCK_WORDS = {
    "divestment-automatic": "Le dossier est passé : personne n’a répondu en dix jours.",
    "divestment-reminded": "La demande de dessaisissement a été rappelée.",
    "sms-refused": "La personne a répondu STOP.",
}


@dataclass(frozen=True)
class PersonRow:
    """A person in the list."""

    id: str
    href: str
    name: str
    usage: str
    born: str
    file_number: str
    next: str
    service: str


@dataclass(frozen=True)
class PhoneCard:
    """A number, and what can be done of it."""

    id: str
    number: str
    call: str  # where the telephone is asked to call
    kind: str
    since: str
    receives: bool
    is_over: bool
    consent: str
    refusal: str
    can_receive: bool  # messages, and does not yet


@dataclass(frozen=True)
class Item:
    """A line with something that can be done of it."""

    id: str
    title: str
    detail: str
    can_act: bool = False


@dataclass(frozen=True)
class AppointmentRow:
    """Something booked for the person."""

    id: str
    href: str
    what: str
    when: str
    where: str
    state: str
    badge: str


@dataclass(frozen=True)
class PersonView:
    """A file as it is shown."""

    id: str = ""
    title: str = ""
    usage: str = ""
    aliases: str = ""
    born: str = ""
    sex: str = ""
    language: str = ""
    file_number: str = ""
    address: str = ""
    located: str = ""
    map_href: str = ""
    service: str = ""
    convene: str = ""  # empty: not for this actor
    statement: str = ""  # of their convocations, likewise
    stopped: str = ""
    is_held_here: bool = True


@dataclass(frozen=True)
class PassingCard:
    """A divestment, with what can be done of it."""

    id: str
    title: str
    lines: list[str]
    state: str
    badge: str
    can_answer: bool
    can_withdraw: bool


@dataclass(frozen=True)
class Side:
    """One of two files that may be of one person."""

    id: str
    name: str
    detail: str
    href: str


@dataclass(frozen=True)
class PairCard:
    """Two files that may be of one person."""

    id: str
    first: Side
    second: Side
    why: str


def address_of(typed: str = "", person_id: object = "") -> str:
    """Return the address of the list with what is searched, and with the open sheet if there is one."""
    asked = {"q": " ".join(typed.split()), "personne": str(person_id)}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{ADDRESS}?{query}" if query else ADDRESS


def summary(total: int, typed: str) -> str:
    """Return how many people there are, in a sentence."""
    found = plural(total, "personne")
    if total > MOST_COUNTED:
        found = f"Plus de {grouped(MOST_COUNTED)}{NBSP}personnes"
    return f"{found} pour «{NBSP}{typed}{NBSP}»" if typed else found


def row_of(line: ListedPerson, typed: str, *, now: datetime) -> PersonRow:
    """Return a line of the list."""
    return PersonRow(
        id=str(line.id),
        href=address_of(typed, line.id),
        name=f"{line.family_name} {line.given_name}",
        usage=f"usage : {line.usage_name}".replace(" :", f"{NBSP}:") if line.usage_name else "",
        born=born_words(line.birth_on, line.sex),
        file_number=line.file_number,
        next=_next_words(line, now),
        service="" if line.is_held_here else line.service,
    )


BORN = {"F": "née", "M": "né"}  # a list may say neither


def born_words(birth_on: date, sex: str) -> str:
    """Return "née le 04/03/1990"."""
    return f"{BORN.get(sex, 'né(e)')} le {birth_on:%d/%m/%Y}"


def view_of(sheet: PersonSheet, languages: dict[str, str], *, may_convene: bool, now: datetime) -> PersonView:
    """Return a file as it is shown."""
    person, today = sheet.person, now.date()
    age = plural(age_on(person.birth_on, today), "an")
    holder = next((one.service for one in sheet.followings if one.territory_id == person.territory_id), "")
    return PersonView(
        id=str(person.id),
        title=f"{person.family_name} {person.given_name}",
        usage=person.usage_name,
        aliases=", ".join(person.aliases),
        born=f"{born_words(person.birth_on, person.sex)} ({age})",
        sex={"F": "Femme", "M": "Homme"}.get(person.sex, "Non précisé"),
        language=languages.get(person.language, person.language),
        file_number=person.file_number,
        address=sheet.address,
        located=located_words(sheet.point),
        map_href=map_address(sheet.point),
        service=holder,
        convene=f"/convoquer/?personne={person.id}" if may_convene else "",
        statement=f"/personnes/{person.id}/releve.pdf" if may_convene else "",
        stopped=stopped_words(sheet, today),
        is_held_here=sheet.is_held_here,
    )


def stopped_words(sheet: PersonSheet, today: date) -> str:
    """Return since when and how somebody wants no more messages on any number, or nothing."""
    if sheet.stopped_at is None:
        return ""
    how = REFUSED_WORDS.get(sheet.stopped_how, "")
    return ended(f"Ne veut plus de SMS, sur aucun numéro{NBSP}: {how} le {dated(sheet.stopped_at.date(), today)}")


def located_words(point: tuple[float, float, str] | None) -> str:
    """Return who said where an address is."""
    if point is None:
        return ""
    if point[2] == Source.BAN:
        return "Située par la Base Adresse Nationale."
    by_hand = point[2] == Source.HAND
    return "Placée à la main." if by_hand else "Située au centre de la commune (répertoire hors ligne)."


def map_address(point: tuple[float, float, str] | None) -> str:
    """Return where a map shows a point."""
    if point is None:
        return ""
    return f"https://www.openstreetmap.org/?mlat={point[0]}&mlon={point[1]}#map=16/{point[0]}/{point[1]}"


def phone_card(phone: PhoneLine, *, today: date) -> PhoneCard:
    """Return a number as it is shown."""
    since = f"depuis le {dated(phone.since_on, today)}"
    if phone.until_on is not None:
        since = f"du {dated(phone.since_on, today)} au {dated(phone.until_on, today)}"
    return PhoneCard(
        id=str(phone.id),
        number=number_words(phone.number),
        call=f"tel:{phone.number}",
        kind=PHONE_KINDS[phone.kind],
        since=since,
        receives=phone.is_for_messages,
        is_over=phone.until_on is not None,
        consent=_said("Accord", phone.consent_at, phone.consent_how, today),
        refusal=_said("Refus", phone.refused_at, phone.refused_how, today),
        can_receive=phone.can_receive_sms and not phone.is_for_messages and phone.until_on is None,
    )


def number_words(e164: str) -> str:
    """Return "+33 6 39 98 00 00", on one line."""
    number = phonenumbers.parse(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace(" ", NBSP)


def following_item(line: FollowingLine, *, holder_id: int, today: date) -> Item:
    """Return a service that follows, or followed."""
    since = f"depuis le {dated(line.since_on, today)}"
    if line.until_on is not None:
        since = f"du {dated(line.since_on, today)} au {dated(line.until_on, today)}"
    holds = line.territory_id == holder_id and line.until_on is None
    parts = (since, f"référent{NBSP}: {line.officer}" if line.officer else "", "détient le dossier" if holds else "")
    return Item(
        id=str(line.id),
        title=line.service,
        detail=" · ".join(part for part in parts if part),
        can_act=line.until_on is None and not holds,
    )


def appointment_row(line: Engagement, *, now: datetime) -> AppointmentRow:
    """Return something booked, and where it opens: its convocation when there is one."""
    today = local_day(now, ZoneInfo(line.time_zone))
    href = open_address(line.id)
    if line.convocation_id:
        href = f"/convocations/?{urlencode({'onglet': 'toutes', 'convocation': str(line.convocation_id)})}"
    return AppointmentRow(
        id=str(line.id),
        href=href,
        what=line.kind[:1].upper() + line.kind[1:],
        when=when(line, today),
        where=line.site,
        state=STATE_WORDS[line.state],
        badge=STATE_BADGES[line.state],
    )


def history_line(line: HistoryOf, *, me: str, here: str = MAINLAND, now: datetime) -> tuple[str, str]:
    """Return when, and one sentence."""
    zone = ZoneInfo(here)
    at = f"{dated(local_day(line.at, zone), local_day(now, zone))} à{NBSP}{hour(line.at, zone)}"
    return at, _act_words(line, me)


def passing_card(line: ListedDivestment, *, now: datetime) -> PassingCard:
    """Return a divestment as it is shown."""
    words, badge = PASSING_WORDS[line.state]
    today = now.date()
    lines = [f"{line.from_name}, vers {line.to_name}", f"Demandé le {dated(line.asked_at.date(), today)}{_by(line)}"]
    if line.why:
        lines.append(f"Motif{NBSP}: {line.why}")
    if line.answer:
        lines.append(f"Réponse{NBSP}: {line.answer}")
    if line.state is DivestmentState.ASKED:
        due = from_today(line.due_at.date(), today)
        lines.append(ended(f"Sans réponse, le dossier passe {due}, le {day(line.due_at.date())}"))
        if line.to_come:
            count = many(line.to_come, "rendez-vous à venir reste", "rendez-vous à venir restent")
            lines.append(f"{count} au service qui donne le dossier{NBSP}: déplacez-les ou rendez-les au besoin.")
    is_open = line.state is DivestmentState.ASKED
    return PassingCard(
        id=str(line.id),
        title=f"{line.family_name} {line.given_name}, {born_words(line.birth_on, line.sex)}",
        lines=lines,
        state=words,
        badge=badge,
        can_answer=is_open and line.is_ours_to_answer,
        can_withdraw=is_open and line.is_ours,
    )


def to_answer_words(found: ToAnswer, *, now: datetime) -> str:
    """Return how many files others wait for an answer about, or nothing."""
    if not found.count or found.due_at is None:
        return ""
    count = many(found.count, "dessaisissement attend", "dessaisissements attendent")
    due = from_today(found.due_at.date(), now.date())
    return f"{count} votre réponse{NBSP}: sans elle, le {'dossier' if found.count == 1 else 'premier'} passe {due}"


def pair_card(first: Alike, second: Alike) -> PairCard:
    """Return two files that may be of one person."""
    signs = ((True, "Noms proches"), (first.same_day, "même date de naissance"), (first.same_number, "même téléphone"))
    why = ", ".join(words for is_so, words in signs if is_so)
    return PairCard(id=f"{first.id}_{second.id}", first=_side(first), second=_side(second), why=why)


def _side(one: Alike) -> Side:
    file_number = f" · dossier {one.file_number}" if one.file_number else ""
    opened = f" · ouvert le {one.created_at:%d/%m/%Y}" if one.created_at else ""
    return Side(
        id=str(one.id),
        name=f"{one.family_name} {one.given_name}",
        detail=f"{born_words(one.birth_on, one.sex)}{file_number}{opened}",
        href=address_of("", one.id),
    )


def _by(line: ListedDivestment) -> str:
    return " par votre service" if line.is_ours else ""


def _next_words(line: ListedPerson, now: datetime) -> str:
    if line.next_at is None:
        return ""
    zone = ZoneInfo(line.zone or MAINLAND)
    on = local_day(line.next_at, zone)
    return f"{dated(on, local_day(now, zone))} à{NBSP}{hour(line.next_at, zone)}"


def _said(what: str, at: datetime | None, how: Said | None, today: date) -> str:
    return f"{what} {SAID_WORDS[how]} le {dated(at.date(), today)}" if at and how else ""


def _act_words(line: HistoryOf, me: str) -> str:
    if line.is_clock and line.act in CLOCK_WORDS:
        return CLOCK_WORDS[line.act]
    who = "La personne" if line.is_themselves else "Vous" if line.who == me else line.who or "Le service"
    if line.act in DONE_WORDS:
        return f"{who} {'avez' if who == 'Vous' else 'a'} {DONE_WORDS[line.act]}{_fact_words(line)}."
    if line.act in ACT_WORDS:
        return act_sentence(line.act, line.facts, who)
    return f"{who} : {line.act}.".replace(" :", f"{NBSP}:")


def _fact_words(line: HistoryOf) -> str:
    facts: dict[str, Any] = line.facts
    if line.act == "person-changed":
        return " " + ", ".join(FIELD_WORDS.get(name, name) for name in facts.get("fields", []))
    if how := facts.get("how"):
        words = {str(said): words for said, words in SAID_WORDS.items()} | REFUSED_WORDS
        return f" ({words.get(str(how), how)})"
    return ""
