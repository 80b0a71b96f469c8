"""Programs that keep the same place true at once: the lock, then the comparison with what they had read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from availability.declarations import Declaration, declare
from availability.errors import Refusal
from availability.models import Shape
from availability.outside import Outside
from booking.api import Call
from booking.errors import OutOfDate
from booking.own_api import Write, document, perform, tag_of
from tests.conftest import Database
from tests.factories import NOW, World, make_kind, make_resource, make_world
from tests.races import act, at_once, refusals

WRITERS = 8


def settled(database: Database) -> tuple[World, int, str]:
    """Return a world with a post, and the tag of what is published of it."""
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        world = make_world(session)
        post = make_resource(session, world.site, make_kind(session, Shape.PLACES), capacity=3)
        return world, post.id, tag_of(document(session, world.host, post.id, NOW))


def written(database: Database, world: World, post: int, tag: str | None) -> list[dict[str, Any] | Refusal]:
    """Return what each of several writers obtained, each declaring another number over what they all had read."""
    write = Write(Call(None, world.host, None), post, tag)  # type: ignore[arg-type] # no request: no key to digest

    def declares(number: int, session: Session, at: datetime) -> Sequence[Outside]:
        declare(session, world.host, post, Declaration(10 + number, 0, 0), now=at)
        return ()

    return at_once(
        [partial(act, database.engine, perform, write, partial(declares, number), NOW) for number in range(WRITERS)]
    )


def test_of_several_who_read_the_same_document_one_writes_over_it(database: Database) -> None:
    world, post, tag = settled(database)

    answers = written(database, world, post, tag)

    assert refusals(answers) == [OutOfDate] * (WRITERS - 1)


def test_control_without_if_match_all_of_them_write(database: Database) -> None:
    world, post, _ = settled(database)

    assert refusals(written(database, world, post, None)) == []
