"""What the page of a whole list reads: who is named in its address, what can be chosen, and what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session

from availability.errors import NotFound
from availability.models import Kind
from availability.rights import Actor
from booking.persons import PersonLine, person_for
from convocations.convening import Receiver, kind_to_convene, kinds_to_convene, receivers
from convocations.in_bulk import Order, order_for
from convocations.together import Room, starts_with_room
from portal.clock import now


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the form shows for what is chosen so far."""

    kinds: list[Kind]
    kind: Kind
    all: list[Receiver]
    rooms: list[Room]


def lines_of(session: Session, actor: Actor, ids: Sequence[str]) -> list[PersonLine]:
    found = []
    for one in dict.fromkeys(ids):
        try:
            person = person_for(session, actor, UUID(one))
        except (ValueError, NotFound):
            continue
        named = (person.id, person.family_name, person.given_name, person.birth_on, person.sex, person.file_number)
        found.append(PersonLine(*named))
    return found


def order_asked(session: Session, actor: Actor, asked: dict[str, Any]) -> Order:
    return order_for(session, actor, asked.pop("resource_ids"), now=now(), **asked)


def receivers_of(session: Session, actor: Actor, code: str) -> dict[int, Receiver]:
    return {one.id: one for one in receivers(session, actor, kind_to_convene(session, actor, code))}


def found_for(session: Session, actor: Actor, code: str, is_together: bool) -> Found:
    kind = kind_to_convene(session, actor, code)
    everybody = receivers(session, actor, kind)
    rooms = starts_with_room(session, everybody, now=now()) if is_together else []
    return Found(kinds=kinds_to_convene(session, actor), kind=kind, all=everybody, rooms=rooms)
