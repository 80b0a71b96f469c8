"""What somebody answers to a message is done, once, on the appointment that it is about; or they are told why not.

The one who writes is found by the number that was written to. Order of locks: the answer's own row, which nobody else
knows, then those of the same act by the link (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import (
    CapacityReached,
    InvalidRequest,
    NotAllowed,
    NotFound,
    NotOpen,
    PeriodTaken,
    Refusal,
)
from availability.rights import Actor
from availability.sealing import House
from booking.errors import AlreadyDecided, QuotaReached, TooLate
from booking.host_phones import note_wish
from booking.links import LinkName, token_of
from convocations.actions import note_acceptance, note_refusal
from convocations.answers import ASKINGS, Answer, understood
from convocations.bearing import Bearer, bearer_of, cannot_come, choose, confirm_coming
from convocations.delivery import LINKS
from convocations.earlier import leave_offered, take_offered
from convocations.errors import AppointmentChanged, ConvocationOver, EarlierGone, LinkExpired, LinkUnknown, TooManyActs
from convocations.kinds import MessageKind, Standing
from convocations.proposals import claims_at
from convocations.wording import FRENCH, SPELLED_PLAINLY, moment, page_words, spelled_for_sms, spoken


class Reply(StrEnum):
    """What they are told back."""

    NONE = "none"  # the provider answers by itself
    COMING = "coming"
    NOT_COMING = "not-coming"
    BOOKED = "booked"
    TAKEN = "taken"
    GONE = "gone"  # the earlier date: their appointment is as it was
    CHANGED = "changed"
    TOO_LATE = "too-late"
    STOPPED = "stopped"
    RESUMED = "resumed"
    SEVERAL = "several"
    UNCLEAR = "unclear"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """An answer as a provider hands it over. `opted` is what the provider did of it: "STOP", "START" or nothing."""

    provider: str
    provider_id: str
    mark: bytes  # of the number: see House.blind_index
    body: str
    opted: str = ""


@dataclass(frozen=True, kw_only=True)
class Replied:
    """What is told back, with the appointment that it is about."""

    reply: Reply
    language: str = FRENCH
    link: LinkName | None = None
    starts_at: datetime | None = None
    zone: str = "Europe/Paris"


# What the provider answers by itself, by default. Source: Twilio, "Support for opt-out keywords (SMS STOP filtering)".
OWN_WORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "UNSTOP"}
)
NOTE = text("""
    INSERT INTO sms_answer (provider, provider_id, at, said, reply, language, convocation_id)
    VALUES (:provider, :provider_id, :now, '', '', 'fr', NULL) ON CONFLICT DO NOTHING RETURNING 1""")
DONE = text("""
    UPDATE sms_answer SET said = :said, reply = :reply, language = :language, convocation_id = :convocation_id
    WHERE provider = :provider AND provider_id = :provider_id""")
AGAIN = text("""
    SELECT a.reply, a.language, c.link_id, c.link_version, b.starts_at, s.time_zone
    FROM sms_answer a LEFT JOIN convocation c ON c.id = a.convocation_id LEFT JOIN booking b ON b.id = c.booking_id
    LEFT JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) LEFT JOIN site s ON s.id = r.site_id
    WHERE a.provider = :provider AND a.provider_id = :provider_id""")
# Several may share a phone. Who was written to last comes first.
WHO = text("""
    SELECT p.id, p.language, p.territory_id FROM sms_number n JOIN person p ON p.id = n.person_id
    WHERE n.mark = :mark ORDER BY n.last_at DESC, p.id""")
# What they may answer about, and what they were told of it last: an answer is to that, whatever changed since.
ABOUT = text("""
    SELECT c.id, c.link_id, c.link_version, c.standing, c.resource_ids, c.person_id, b.starts_at, s.time_zone,
           m.about_at, m.offered, m.kind AS message_kind, p.language
    FROM sms_number n JOIN person p ON p.id = n.person_id JOIN convocation c ON c.person_id = n.person_id
    LEFT JOIN booking b ON b.id = c.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    JOIN LATERAL (
        SELECT about_at, offered, kind FROM message
        WHERE convocation_id = c.id AND provider = :provider AND state IN ('sending', 'sent', 'undelivered', 'flagged')
        ORDER BY claimed_at DESC NULLS LAST, created_at DESC LIMIT 1) m ON true
    WHERE n.mark = :mark
      AND (c.standing = 'choosing' AND c.choose_by >= CAST(CAST(:now AS timestamptz) AT TIME ZONE s.time_zone AS date)
           OR c.standing = 'set' AND b.state = 'booked' AND b.starts_at > :now)
    ORDER BY b.starts_at NULLS LAST, c.id""")


def answer(session: Session, heard: Heard, *, now: datetime) -> Replied:
    """Do what an answer says, and return what is told back. The same one twice is done once, and told the same."""
    named = {"provider": heard.provider, "provider_id": heard.provider_id}
    if session.execute(NOTE, named | {"now": now}).one_or_none() is None:
        return _told_before(session, named)
    people = session.execute(WHO, {"mark": heard.mark}).all()
    languages = [spoken(one.language) for one in people] or [FRENCH]
    said = _said(heard, languages)
    about: Any = None
    if said in (Answer.STOP, Answer.START):
        _note_wish(session, people, said, now, how="provider" if _is_answered(heard) else "sms")
        is_host = note_wish(session, heard.mark, wants=said is Answer.START, now=now, how="sms")
        reply = _to_wish(heard, said, is_known=bool(people) or is_host)
    else:
        listed = session.execute(ABOUT, {"mark": heard.mark, "provider": heard.provider, "now": now}).all()
        if said is Answer.YES and heard.opted:
            _note_wish(session, people, Answer.START, now, how="provider")  # YES is START to this provider
        about, reply = _done(session, listed, said, now)
    language = spoken(about.language) if about else languages[0]
    values = {"said": said, "reply": reply, "language": language, "convocation_id": about.id if about else None}
    session.execute(DONE, named | values)
    return _told_before(session, named)


def reply_text(replied: Replied, house: House, origin: str) -> str:
    """Return what is told back in words, as an SMS; nothing when the provider answers by itself."""
    if replied.reply is Reply.NONE:
        return ""
    page, asking = page_words(replied.language), ASKINGS[replied.language]
    words = {
        Reply.COMING: page.coming,
        Reply.NOT_COMING: page.not_coming,
        Reply.BOOKED: page.booked,
        Reply.TAKEN: page.taken,
        Reply.GONE: page.earlier_gone,
        Reply.CHANGED: page.changed,
        Reply.TOO_LATE: page.too_late,
        Reply.STOPPED: f"{page.sms_stopped} START : {page.resume_sms}.",
        Reply.RESUMED: page.sms_resumed,
        Reply.SEVERAL: asking.several,
        Reply.UNCLEAR: asking.unclear,
        Reply.NOTHING: asking.nothing,
    }
    parts = [words[replied.reply]]
    if replied.starts_at is not None and replied.reply in (Reply.COMING, Reply.BOOKED, Reply.CHANGED, Reply.GONE):
        at = moment(replied.starts_at, ZoneInfo(replied.zone), replied.language)
        parts.append(f"{at[:1].upper()}{at[1:]}.")
    if replied.link is not None and replied.reply not in (Reply.COMING, Reply.BOOKED):
        parts.append(f"{origin}/r/{token_of(house.derived(LINKS), replied.link)}")
    said = " ".join(parts)
    return spelled_for_sms(said) if replied.language in SPELLED_PLAINLY else said


def _said(heard: Heard, languages: Sequence[str]) -> Answer:
    said = understood(heard.body, languages)
    if heard.opted == "STOP":
        return Answer.STOP
    return Answer.START if heard.opted == "START" and said is not Answer.YES else said


def _note_wish(session: Session, people: Sequence[Any], wish: Answer, now: datetime, *, how: str) -> None:
    """Write down, for everybody who is written to at this number, that they want messages or no more of them."""
    for one in people:
        actor = Actor(one.id, "", (), one.territory_id)
        note = note_refusal if wish is Answer.STOP else note_acceptance
        note(session, actor, one.id, now=now, how=how)


def _is_answered(heard: Heard) -> bool:
    """Say whether the provider blocks or opens the number, and answers, by itself."""
    return bool(heard.opted) or heard.body.strip().upper() in OWN_WORDS


def _to_wish(heard: Heard, wish: Answer, *, is_known: bool) -> Reply:
    if _is_answered(heard):
        return Reply.NONE
    if not is_known:
        return Reply.NOTHING
    return Reply.STOPPED if wish is Answer.STOP else Reply.RESUMED


def _done(session: Session, listed: Sequence[Any], said: Answer, now: datetime) -> tuple[Any, Reply]:
    """Do what an answer says on the one appointment that it can be about; return which, and what is told back."""
    if not listed:
        return None, Reply.NOTHING
    wants_choice = said in (Answer.FIRST, Answer.SECOND)
    fitting = [one for one in listed if (one.standing == Standing.CHOOSING) is wants_choice]
    if said is Answer.UNCLEAR or not fitting:
        return (listed[0] if len(listed) == 1 else None), Reply.UNCLEAR
    if len(fitting) > 1:
        return None, Reply.SEVERAL
    about = fitting[0]
    try:
        with session.begin_nested():
            return about, _act(session, about, said, now)
    except Refusal as refusal:
        return about, _to_refusal(refusal)


def _act(session: Session, about: Any, said: Answer, now: datetime) -> Reply:
    bearer = bearer_of(session, LinkName(about.link_id, about.link_version % 256), now=now)
    if about.message_kind == MessageKind.EARLIER:
        return _answer_earlier(session, bearer, about.about_at, said, now)
    if said is Answer.YES:
        confirm_coming(session, bearer, seen=about.about_at, now=now)
        return Reply.COMING
    if said is Answer.NO:
        cannot_come(session, bearer, seen=about.about_at, now=now)
        return Reply.NOT_COMING
    if not about.offered:
        return Reply.UNCLEAR
    start = about.offered[0 if said is Answer.FIRST else 1]
    for claim in claims_at(session, bearer.resource_ids, start, now=now):
        try:
            with session.begin_nested():
                choose(session, bearer, claim, seen=None, now=now)
        except (PeriodTaken, NotOpen):
            continue  # taken since it was listed: whoever else receives at that hour is as good
        return Reply.BOOKED
    return Reply.TAKEN


def _answer_earlier(session: Session, bearer: Bearer, start: datetime, said: Answer, now: datetime) -> Reply:
    """Take the earlier date that they were told of last, or leave it: either way they have an appointment."""
    if said is Answer.YES:
        take_offered(session, bearer, start, now=now)
    else:
        leave_offered(session, bearer, start, now=now)
    return Reply.BOOKED


def _to_refusal(refusal: Refusal) -> Reply:
    match refusal:
        case PeriodTaken() | CapacityReached() | NotOpen() | InvalidRequest() | NotFound() | QuotaReached():
            return Reply.TAKEN
        case EarlierGone():
            return Reply.GONE
        case AppointmentChanged() | AlreadyDecided():
            return Reply.CHANGED
        case ConvocationOver() | NotAllowed() | TooLate() | TooManyActs() | LinkUnknown() | LinkExpired():
            return Reply.TOO_LATE
    raise refusal


def _told_before(session: Session, named: dict[str, str]) -> Replied:
    row = session.execute(AGAIN, named).one()
    return Replied(
        reply=Reply(row.reply),
        language=row.language,
        link=LinkName(row.link_id, row.link_version % 256) if row.link_id is not None else None,
        starts_at=row.starts_at,
        zone=row.time_zone or "Europe/Paris",
    )
