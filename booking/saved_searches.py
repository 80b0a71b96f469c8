"""Saving a search of the map, to be told when something frees up. An account sees its own, and nobody else's.

A saved search names nobody: of the person that one was looking for, it keeps sex, age and commune, so that it need
not be erased with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.models import Kind
from availability.rights import Actor
from availability.search import Wish, search
from booking.day import today_of
from booking.filters import Filters, understand
from booking.map import kind_named, log_beyond
from booking.saved_models import LABEL_LENGTH, SavedSearch

MOST_SAVED = 20  # by account
MOST_WATCHED = 1000  # resources that suit one search: the nearest
TAKEN_BACK_WITHIN = timedelta(days=1)
NOT_SAVED = ("personne", "site", "vue", "tri", "page", "raison", "cote")  # how it is shown, and for whom
ONE_SAVE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:account, 0))")
SEE = text("UPDATE search_alert SET seen_at = :now WHERE saved_search_id = :id AND seen_at IS NULL")
LISTED = text("""
    SELECT s.id, s.label, s.query, k.label AS kind_label, k.is_active, s.created_at,
           count(a.resource_id) AS unseen, max(a.freed_at) AS freed_at
    FROM saved_search s JOIN kind k ON k.id = s.kind_id
    LEFT JOIN search_alert a ON a.saved_search_id = s.id AND a.seen_at IS NULL
    WHERE s.account_id = :me AND s.forgotten_at IS NULL GROUP BY s.id, k.id ORDER BY s.label, s.id""")
PURGE = text("DELETE FROM saved_search WHERE forgotten_at < :before")


class TooManySaved(Refusal):
    """The account has as many saved searches as it may."""


@dataclass(frozen=True)
class ToSave:
    """A search as the page has it: its filters, completed by the person's facts, where it is centred, its name."""

    filters: Filters
    near: tuple[float, float] | None
    label: str


@dataclass(frozen=True)
class Saved:
    """A saved search as its owner reads it."""

    id: UUID
    label: str
    query: Mapping[str, str]
    kind_label: str
    is_active: bool
    created_at: datetime
    unseen: int  # places that freed up and that the owner did not see yet
    freed_at: datetime | None


def canonical(filters: Filters) -> dict[str, str]:
    """Return what makes a search, under the names of the address: the same search, the same text."""
    return {name: value for name, value in sorted(filters.typed().items()) if value and name not in NOT_SAVED}


def digest_of(query: Mapping[str, str]) -> bytes:
    """Return what tells two searches apart."""
    return hashlib.sha256(json.dumps(query, sort_keys=True, ensure_ascii=False).encode()).digest()


def save(session: Session, actor: Actor, wanted: ToSave, *, now: datetime) -> SavedSearch:
    """Save a search and what suits it now, so that only what frees up later is told. The same one is saved once.

    Raises: InvalidRequest, TooManySaved, NotAllowed.
    """
    label = _label(wanted.label)
    _, kind = kind_named(session, actor, wanted.filters.type)
    query = canonical(replace(wanted.filters, type=kind.code))
    session.execute(ONE_SAVE_AT_A_TIME, {"account": str(actor.account_id)})
    kept = session.exec(
        select(SavedSearch).where(SavedSearch.account_id == actor.account_id, SavedSearch.digest == digest_of(query))
    ).one_or_none()
    if kept is None or kept.forgotten_at is not None:
        _check_room(session, actor)
    saved = kept or SavedSearch(
        account_id=actor.account_id,
        kind_id=kind.id,
        query=query,
        digest=digest_of(query),
        label=label,
        created_at=now,
    )
    saved.label, saved.forgotten_at = label, None
    saved.lat, saved.lon = wanted.near or (None, None)
    _look_again(session, actor, saved, kind, now=now)
    if wanted.filters.flag("ailleurs"):
        log_beyond(session, actor, kind.code, now=now)
    session.add(saved)
    session.flush()
    return saved


def rename(session: Session, actor: Actor, search_id: UUID, label: str) -> None:
    """Give a saved search another name. Raises: NotFound, InvalidRequest."""
    _own(session, actor, search_id).label = _label(label)


def forget(session: Session, actor: Actor, search_id: UUID, *, now: datetime) -> None:
    """Delete a saved search; it may be taken back for a day. Raises: NotFound."""
    _own(session, actor, search_id).forgotten_at = now


def take_back(session: Session, actor: Actor, search_id: UUID, *, now: datetime) -> None:
    """Take back a saved search just deleted; what freed up meanwhile is not news. Raises: NotFound, TooManySaved."""
    session.execute(ONE_SAVE_AT_A_TIME, {"account": str(actor.account_id)})
    saved = _own(session, actor, search_id, is_forgotten=True)
    _check_room(session, actor)
    saved.forgotten_at = None
    kind = session.get_one(Kind, saved.kind_id)
    _look_again(session, actor, saved, kind, now=now)


def see(session: Session, actor: Actor, search_id: UUID, *, now: datetime) -> None:
    """Note that the owner saw what freed up. Raises: NotFound."""
    session.execute(SEE, {"id": _own(session, actor, search_id).id, "now": now})


def saved_by(session: Session, actor: Actor) -> list[Saved]:
    """Return the saved searches of the actor, by name."""
    return [Saved(**row._mapping) for row in session.execute(LISTED, {"me": actor.account_id})]


def purge_forgotten(session: Session, *, now: datetime) -> None:
    """Delete for good what was deleted a while ago."""
    session.execute(PURGE, {"before": now - TAKEN_BACK_WITHIN})


def wish_of(session: Session, actor: Actor, saved: SavedSearch, kind: Kind, *, now: datetime) -> Wish | None:
    """Return what a saved search wishes today; None when its dates are over."""
    filters, today = Filters.read(saved.query), today_of(session, actor, now=now)
    if is_over(filters, today):
        return None
    near = (saved.lat, saved.lon) if saved.lat is not None and saved.lon is not None else None
    return understand(filters, kind, near, today=today).wish


def is_over(filters: Filters, today: date) -> bool:
    """Say whether the last day of a search is past."""
    try:
        return date.fromisoformat(filters.au) <= today
    except ValueError:
        return False


def suiting(session: Session, actor: Actor, wish: Wish, *, now: datetime) -> frozenset[int]:
    """Return the resources that suit a wish, the nearest if they are very many. Raises: NotAllowed."""
    found = search(session, actor, wish, now=now, only_suitable=True, limit=MOST_WATCHED)
    return frozenset(one.resource_id for one in found)


def _look_again(session: Session, actor: Actor, saved: SavedSearch, kind: Kind, *, now: datetime) -> None:
    wish = wish_of(session, actor, saved, kind, now=now)
    saved.reach_km = wish.radius_km if wish else None
    saved.suited = sorted(suiting(session, actor, wish, now=now)) if wish else []


def _own(session: Session, actor: Actor, search_id: UUID, *, is_forgotten: bool = False) -> SavedSearch:
    saved = session.get(SavedSearch, search_id, with_for_update=True, populate_existing=True)
    if saved is None or saved.account_id != actor.account_id or (saved.forgotten_at is not None) != is_forgotten:
        raise NotFound(saved_search_id=search_id)
    return saved


def _check_room(session: Session, actor: Actor) -> None:
    mine = select(SavedSearch.id).where(
        SavedSearch.account_id == actor.account_id, col(SavedSearch.forgotten_at).is_(None)
    )
    if len(session.exec(mine).all()) >= MOST_SAVED:
        raise TooManySaved(most=MOST_SAVED)


def _label(typed: str) -> str:
    label = " ".join(typed.split())
    if not label or len(label) > LABEL_LENGTH or "\x00" in label:
        raise InvalidRequest("label", "required" if not label else "too-long", most=LABEL_LENGTH)
    return label
