"""Administrators write the texts of messages: drafts, what is in use, what was; who may be named; what is read over.

One text at a time: whoever writes waits for whoever writes the same (docs/locking.md), then sees what it became.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.kinds import is_national
from availability.rights import Actor, Right, Role
from booking.persons import LANGUAGES
from convocations.errors import TextChanged, TextRefused, TextTelling
from convocations.kinds import MessageKind
from convocations.template_queries import Scope, digest_of, names_of, reminders_of
from convocations.texts import problems, tidy, warnings
from convocations.timing import HOURS_BEFORE
from convocations.wording import FRENCH

EARLIEST = 24 * 30  # hours: a reminder sooner than a month ahead is another confirmation
MOST_REMINDERS = 3

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 30))")
SCOPED = """message_kind = :message_kind AND language = :language AND kind_id IS NOT DISTINCT FROM :kind_id
    AND organisation_id IS NOT DISTINCT FROM :organisation_id"""
CURRENT = text(f"SELECT id FROM message_text WHERE {SCOPED} AND state = 'in_use'")  # noqa: S608 - constants only
SAME = text(f"SELECT id FROM message_text WHERE {SCOPED} AND state <> 'draft' AND id = :id")  # noqa: S608
NUMBER = text(f"SELECT coalesce(max(number), 0) + 1 FROM message_text WHERE {SCOPED}")  # noqa: S608
FORGET_DRAFT = text(f"DELETE FROM message_text WHERE {SCOPED} AND state = 'draft' RETURNING number")  # noqa: S608
BODY = text("SELECT body FROM message_text WHERE id = :id")
END = text("UPDATE message_text SET state = 'past', ended_at = :now WHERE id = :id")
USE = text("""
    UPDATE message_text SET state = 'in_use', used_by = :me, used_at = :now, ended_at = NULL, broken_at = NULL
    WHERE id = :id""")
ADD = text("""
    INSERT INTO message_text (id, message_kind, language, kind_id, organisation_id, number, state, body, confirmed,
                              written_by, written_at, used_by, used_at)
    VALUES (:id, :message_kind, :language, :kind_id, :organisation_id, :number, :state, :body, :confirmed,
            :me, :now, :used_by, :used_at)""")
IS_KIND = text("SELECT EXISTS (SELECT FROM kind WHERE id = :id AND shape = 'slots')")
IS_ASKED = text("SELECT EXISTS (SELECT FROM kind WHERE id = :id AND host_accepts)")  # of a host
TERRITORIES = text("SELECT DISTINCT territory_id FROM site WHERE organisation_id = :id")
NAME = text("""
    INSERT INTO service_naming (organisation_id, by, at) VALUES (:id, :me, :now) ON CONFLICT DO NOTHING""")
UNNAME = text("DELETE FROM service_naming WHERE organisation_id = :id")
REVIEWED = text("""
    INSERT INTO language_review (language, digest, by, at) VALUES (:language, :digest, :me, :now)
    ON CONFLICT (language) DO UPDATE SET digest = excluded.digest, by = excluded.by, at = excluded.at""")
UNREVIEWED = text("DELETE FROM language_review WHERE language = :language")
REMIND = text("""
    INSERT INTO kind_reminders (kind_id, hours) VALUES (:id, :hours)
    ON CONFLICT (kind_id) DO UPDATE SET hours = excluded.hours""")


def may_write(session: Session, actor: Actor, scope: Scope) -> bool:
    """Say whether the actor may write a text: of a service, who administers all its places; of all, the country."""
    if scope.organisation_id is None:
        return is_national(session, actor)
    territories = session.execute(TERRITORIES, {"id": scope.organisation_id}).scalars().all()
    reaching = [right for right in actor.rights if right.role is Role.ADMINISTRATOR and _reaches(right, scope)]
    return bool(territories) and all(any(one in right.territory_ids for right in reaching) for one in territories)


def _reaches(right: Right, scope: Scope) -> bool:
    return right.kind_id is None or right.kind_id == scope.kind_id


def save_draft(session: Session, actor: Actor, scope: Scope, body: str, *, now: datetime) -> UUID:
    """Keep a text that is not in use yet, in the place of the draft that there was.

    Raises: NotAllowed, InvalidRequest, TextRefused.
    """
    _begin(session, actor, scope)
    said = _checked(session, scope, body)
    return _add(session, actor, scope, said, (), now=now, is_draft=True)


def forget_draft(session: Session, actor: Actor, scope: Scope) -> None:
    """Throw a draft away; nothing when there is none. Raises: NotAllowed, InvalidRequest."""
    _begin(session, actor, scope)
    session.execute(FORGET_DRAFT, scope.keys)


def put_in_use(
    session: Session,
    actor: Actor,
    scope: Scope,
    body: str,
    *,
    seen: UUID | None,
    confirms: bool = False,
    now: datetime,
) -> UUID:
    """Have messages written from a text; `seen` is the version in use as it was read, None for the standard text.

    `confirms` says that words which give something away are meant. Raises: NotAllowed, InvalidRequest, TextRefused,
    TextTelling, TextChanged.
    """
    _begin(session, actor, scope)
    said = _checked(session, scope, body)
    words = telling(session, scope, said)
    if words and not confirms:
        raise TextTelling(words=words)
    before = _expected(session, scope, seen)
    made = _add(session, actor, scope, said, words, now=now, is_draft=False, before=before)
    _record(session, actor, "message-text-used", scope, now, version=str(made), confirmed=words)
    return made


def use_version(
    session: Session, actor: Actor, scope: Scope, version_id: UUID | None, *, seen: UUID | None, now: datetime
) -> None:
    """Go back to a version that was in use, or to the standard text when it is None: also what takes an act back.

    Its variables are checked as of today. Raises: NotAllowed, InvalidRequest, NotFound, TextChanged, TextRefused.
    """
    _begin(session, actor, scope)
    before = _expected(session, scope, seen)
    if version_id is not None:
        if session.execute(SAME, {**scope.keys, "id": version_id}).scalar() is None:
            raise NotFound(version=version_id)
        _checked(session, scope, session.execute(BODY, {"id": version_id}).scalar_one())
    if before is not None and before != version_id:
        session.execute(END, {"id": before, "now": now})
    if version_id is not None:
        session.execute(USE, {"id": version_id, "me": actor.account_id, "now": now})
    _record(session, actor, "message-text-back", scope, now, version=str(version_id or "standard"))


def telling(session: Session, scope: Scope, body: str) -> list[str]:
    """Return the words of a text that are to be confirmed."""
    _, name, _ = names_of(session, scope.organisation_id)
    return [said for _, said in warnings(body, scope.language, scope.message_kind, name)]


def let_name(session: Session, actor: Actor, organisation_id: int, *, allowed: bool, now: datetime) -> None:
    """Say whether messages may have the name of a service: it, or who administers all its places, does.

    Raises: NotAllowed.
    """
    is_its_own = any(
        right.role is Role.PARTNER and right.organisation_id == organisation_id and right.kind_id is None
        for right in actor.rights
    )
    if not is_its_own and not may_write(session, actor, Scope(MessageKind.REMINDER, FRENCH, None, organisation_id)):
        raise NotAllowed
    session.execute(NAME if allowed else UNNAME, {"id": organisation_id, "me": actor.account_id, "now": now})
    act = "service-named" if allowed else "service-unnamed"
    record(session, actor, Act(act=act, subject="organisation", subject_id=organisation_id, at=now, facts={}))


def review(session: Session, actor: Actor, language: str, *, reviewed: bool, now: datetime) -> None:
    """Say that the standard sentences of a language were read by a translator, or no longer.

    Raises: NotAllowed when the actor does not administer the country, InvalidRequest.
    """
    if not is_national(session, actor):
        raise NotAllowed
    if language not in LANGUAGES or language == FRENCH:
        raise InvalidRequest("language", "unknown-choice")
    values = {"language": language, "digest": digest_of(language), "me": actor.account_id, "now": now}
    session.execute(REVIEWED if reviewed else UNREVIEWED, values)
    act = "language-reviewed" if reviewed else "language-to-review"
    record(session, actor, Act(act=act, subject="language", subject_id=language, at=now, facts={}))


def set_reminders(
    session: Session, actor: Actor, kind_id: int, hours: Sequence[int], *, now: datetime
) -> tuple[int, ...]:
    """Have people reminded of appointments of a kind sooner too, besides 48 or 24 hours before; return as it was.

    Appointments taken from now on follow it. Raises: NotAllowed, InvalidRequest.
    """
    if not is_national(session, actor):
        raise NotAllowed
    wanted = sorted(set(hours))
    if any(not HOURS_BEFORE < one <= EARLIEST for one in wanted) or len(wanted) > MOST_REMINDERS:
        raise InvalidRequest("hours", "reminder-hours", least=HOURS_BEFORE, most=EARLIEST)
    if not session.execute(IS_KIND, {"id": kind_id}).scalar():
        raise InvalidRequest("kind_id", "unknown-choice")
    before = reminders_of(session, kind_id)
    session.execute(REMIND, {"id": kind_id, "hours": wanted})
    facts = {"hours": wanted}
    record(session, actor, Act(act="reminders-set", subject="kind", subject_id=kind_id, at=now, facts=facts))
    return before


def _begin(session: Session, actor: Actor, scope: Scope) -> None:
    """Check that the scope is one, and the actor's; then wait for whoever writes the same."""
    if scope.language not in ({FRENCH} if scope.is_to_host else LANGUAGES):
        raise InvalidRequest("language", "unknown-choice")
    if scope.is_to_host and scope.organisation_id is not None:  # whoever it is, it reads what all hosts read
        raise InvalidRequest("organisation_id", "unknown-choice")
    known = IS_ASKED if scope.is_to_host else IS_KIND
    if scope.kind_id is not None and not session.execute(known, {"id": scope.kind_id}).scalar():
        raise InvalidRequest("kind_id", "unknown-choice")
    if not may_write(session, actor, scope):
        raise NotAllowed
    session.execute(ONE_AT_A_TIME, {"scope": "/".join(map(str, scope.keys.values()))})


def _checked(session: Session, scope: Scope, body: str) -> str:
    said = tidy(body)
    is_named, _, names = names_of(session, scope.organisation_id)
    if wrong := problems(said, scope.message_kind, may_name=is_named, names=names):
        raise TextRefused(problems=wrong)
    return said


def _expected(session: Session, scope: Scope, seen: UUID | None) -> UUID | None:
    current: UUID | None = session.execute(CURRENT, scope.keys).scalar()
    if current != seen:
        raise TextChanged
    return current


def _add(
    session: Session,
    actor: Actor,
    scope: Scope,
    body: str,
    confirmed: Collection[str],
    *,
    now: datetime,
    is_draft: bool,
    before: UUID | None = None,
) -> UUID:
    """Write a version in the place of the draft, whose number it takes."""
    if before is not None:
        session.execute(END, {"id": before, "now": now})
    drafted = session.execute(FORGET_DRAFT, scope.keys).scalar()
    number = drafted or session.execute(NUMBER, scope.keys).scalar_one()
    used: dict[str, Any] = {"used_by": None, "used_at": None}
    if not is_draft:
        used = {"used_by": actor.account_id, "used_at": now}
    row = {"id": uuid4(), "number": number, "body": body, "confirmed": list(confirmed), "me": actor.account_id}
    state = {"state": "draft" if is_draft else "in_use", "now": now}
    session.execute(ADD, {**scope.keys, **row, **state, **used})
    made: UUID = row["id"]
    return made


def _record(session: Session, actor: Actor, act: str, scope: Scope, now: datetime, **facts: Any) -> None:
    record(
        session,
        actor,
        Act(act=act, subject="message-text", subject_id=scope.message_kind, at=now, facts={**scope.keys, **facts}),
    )
