"""The e-mails to hosts and to lawyers, in plain text: what is asked, until when, and the link that answers. Pure.

A subject names nobody and no file. Every value is put on one line: what somebody typed in a name cannot make lines.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from booking.hosting import HostedRequest
from booking.hosting_models import TO_LAWYERS, MailKind
from booking.lawyer_invitations import InvitedLawyer
from booking.mail_delivery import Facts, Written
from booking.pages.booking_words import zone_note
from booking.pages.request_words import dates, spaced, until, what, where, whom
from portal.ui.dates import NBSP, moment

SUBJECTS = {
    MailKind.REQUEST: "Demande à examiner avant le {day}",
    MailKind.WARNING: "Rappel : répondre avant le {day}",
    MailKind.LAPSED: "Demande restée sans réponse",
    MailKind.GIVEN_UP: "Demande retirée",
    MailKind.AGREED: "Vos dates sont acceptées",
    MailKind.DECLINED: "Vos dates ne conviennent pas",
    MailKind.LAWYER_SET: "Audience fixée le {day}",
    MailKind.LAWYER_MOVED: "Audience déplacée au {day}",
    MailKind.LAWYER_OVER: "Audience du {day} annulée",
    MailKind.LAWYER_REMINDER: "Rappel : audience le {day}",
    MailKind.LAWYER_RELEASED: "Date du {day} libérée par le greffe",
    MailKind.LAWYER_OFFER: "Une date est gardée pour vous : {day}",
}
OPENINGS = {
    MailKind.REQUEST: "Un service de la justice vous demande une place. Merci de répondre avant le {day} ; passé ce"
    " délai, la demande s’éteint et la place est libérée.",
    MailKind.WARNING: "Vous n’avez pas encore répondu à la demande ci-dessous. Il reste jusqu’au {day} ; passé ce"
    " délai, elle s’éteint et la place est libérée.",
    MailKind.LAPSED: "La demande ci-dessous est restée sans réponse dans le délai : elle est éteinte et la place est"
    " libérée. Le service qui demandait en est informé. Vous n’avez rien à faire.",
    MailKind.GIVEN_UP: "Le service qui demandait renonce à la place ci-dessous : elle est libérée. Vous n’avez rien à"
    " faire.",
    MailKind.AGREED: "Le service qui demandait accepte les dates que vous avez proposées : la place est réservée.",
    MailKind.DECLINED: "Le service qui demandait ne peut pas retenir les dates que vous avez proposées. Sa demande"
    " attend toujours votre réponse, avant le {day}.",
    MailKind.LAWYER_SET: "Une audience de votre dossier est fixée. Votre client, s’il est convoqué par SMS, en est"
    " informé au même moment.",
    MailKind.LAWYER_MOVED: "Une audience de votre dossier est déplacée : voici sa nouvelle date. Votre client, s’il est"
    " convoqué par SMS, en est informé au même moment.",
    MailKind.LAWYER_OVER: "L’audience ci-dessous n’aura pas lieu à cette date. Votre client, s’il était convoqué par"
    " SMS, en est informé au même moment.",
    MailKind.LAWYER_REMINDER: "Rappel : l’audience ci-dessous approche.",
    MailKind.LAWYER_RELEASED: "Le projet d’assignation n’ayant pas été remis dans le délai, le greffe a libéré la date"
    " ci-dessous. Pour une autre date : PlaceJuste, page « Prendre une date ».",
    MailKind.LAWYER_OFFER: "Vous attendiez une date : une place s’est libérée à l’audience ci-dessous. Elle est gardée"
    " pour vous jusqu’au {day}. Confirmez-la ou laissez-la dans PlaceJuste, page « Prendre une date ». Sans réponse,"
    " elle passe au suivant.",
}
TO_ANSWER = frozenset({MailKind.REQUEST, MailKind.WARNING, MailKind.DECLINED})
HOW = (
    "Accepter, refuser ou proposer d’autres dates, sans compte ni mot de passe :",
    "{link}",
    "",
    "Ce lien n’agit que sur cette demande, jusqu’à votre réponse. Ne le transmettez qu’à qui peut décider pour votre"
    " service.",
)
INVITATION = (
    "{court} vous ouvre la prise de date d’audience dans PlaceJuste : les dates qui ont de la place, gardées le temps"
    " de les confirmer, et vos audiences.",
    "",
    "Ouvrez votre compte en choisissant un mot de passe :",
    "{link}",
    "",
    "Ce lien ouvre votre compte une seule fois, jusqu’au {day}. Il est pour vous seul : ne le transmettez pas. Si vous"
    " n’attendiez pas ce message, ignorez-le : aucun compte n’est ouvert sans vous.",
)
SIGNATURE = ("-- ", "PlaceJuste. Message automatique : les réponses à cette adresse ne sont pas lues.")


def write(kind: MailKind, facts: Facts, link: str, now: datetime) -> Written:
    """Return an e-mail of a kind about a request, or about the invitation of a lawyer."""
    return invitation(facts, link) if isinstance(facts, InvitedLawyer) else _about(kind, facts, link, now)


def invitation(invited: InvitedLawyer, link: str) -> Written:
    """Return the e-mail that invites a lawyer to open their account. The subject names nobody."""
    zone = ZoneInfo(invited.time_zone)
    day = f"{moment(invited.expires_at, zone)}{zone_note(zone.key)}"
    said = {"court": one_line(invited.court), "link": link, "day": day}
    lines = [f"Bonjour {one_line(invited.name)},", "", *(line.format(**said) for line in INVITATION), ""]
    subject = "Prise de date d’audience : votre compte à ouvrir"
    return Written(_plain(subject), _plain("\n".join([*lines, *SIGNATURE])) + "\n")


def _about(kind: MailKind, request: HostedRequest, link: str, now: datetime) -> Written:
    zone = ZoneInfo(request.time_zone)
    at = request.starts_at if kind in TO_LAWYERS else request.expires_at
    day = f"{moment(at, zone)}{zone_note(zone.key)}" if at else ""
    left = f"{until(request.expires_at, now, zone)}{zone_note(zone.key)}" if request.expires_at else ""
    label = one_line(request.kind_label)
    subject = f"{SUBJECTS[kind].format(day=day)} : {label}" if label else SUBJECTS[kind].format(day=day)
    lines = ["Bonjour,", "", OPENINGS[kind].format(day=left), "", *_facts(kind, request, now, zone), ""]
    if kind in TO_ANSWER:
        lines += [*(line.format(link=link) for line in HOW), ""]
    return Written(_plain(subject), _plain("\n".join([*lines, *SIGNATURE])) + "\n")


def one_line(words: str) -> str:
    """Return words without what would break a line, or turn the reading of the rest."""
    return " ".join("".join(letter if letter.isprintable() or letter == NBSP else " " for letter in words).split(" "))


def _facts(kind: MailKind, request: HostedRequest, now: datetime, zone: ZoneInfo) -> list[str]:
    asker = f"{request.court_name}, {spaced(request.asker_phone)}" if request.asker_phone else request.court_name
    facts = (
        ("Quoi", what(request)),
        ("Où", where(request)),
        ("Quand", dates(request, zone)),
        ("Pour", whom(request, now=now)),
        ("Demandé par", "" if kind in TO_LAWYERS else asker),
    )
    return [f"- {name} : {one_line(words)}" for name, words in facts if words]


def _plain(words: str) -> str:
    """Return words with ordinary spaces: old readers show the others as marks."""
    return words.replace(NBSP, " ")
