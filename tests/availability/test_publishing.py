"""Publishing: rules become openings, exactly on the days asked for, and services declare what they can take."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.declarations import Declaration, declare
from availability.errors import InvalidRequest, NotFound
from availability.history import HistoryLine
from availability.models import Opening, Resource, Shape
from availability.publishing import publish_openings
from availability.rights import Role
from tests.availability.scarce import refused
from tests.factories import (
    NOW,
    TODAY,
    World,
    close,
    in_days,
    make_actor,
    make_host,
    make_kind,
    make_resource,
    make_rule,
    make_site,
)

EVERY_DAY = range(7)


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def open_at(session: Session, world: World, opens: str, closes: str, **columns: Any) -> Resource:
    """Return an agent open every day at these hours; `columns` are those of the kind, or of the site."""
    of_site = {name: columns.pop(name) for name in ("time_zone", "holiday_zone") if name in columns}
    site = make_site(session, world.here, **of_site)
    agent = make_resource(session, site, make_kind(session, Shape.SLOTS, **columns))
    for weekday in EVERY_DAY:
        make_rule(session, agent, weekday, opens, closes)
    return agent


def starts_of(session: Session, agent: Resource) -> list[datetime]:
    """Return when the agent opens, as published."""
    rows = session.exec(select(Opening.starts_at).where(Opening.resource_id == agent.id).order_by(text("starts_at")))
    return [start.astimezone(UTC) for start in rows]


def publish(session: Session, agent: Resource, first: date, until: date) -> list[datetime]:
    """Publish the openings of these days; return when the agent now opens."""
    publish_openings(session, [agent.id], first=first, until=until)
    return starts_of(session, agent)


def test_openings_are_published_in_the_time_of_the_site_across_the_change_of_hour(
    session: Session, world: World
) -> None:
    agent = open_at(session, world, "09:00", "12:00")

    count = publish_openings(session, [agent.id], first=date(2026, 3, 28), until=date(2026, 3, 31))

    assert count == 3
    assert starts_of(session, agent) == [utc(3, 28, 8), utc(3, 29, 7), utc(3, 30, 7)]


def test_publishing_twice_gives_the_same(session: Session, world: World) -> None:
    agent = open_at(session, world, "09:00", "12:00")

    once = publish(session, agent, in_days(0), in_days(5))
    twice = publish(session, agent, in_days(0), in_days(5))

    assert once == twice
    assert len(once) == 5


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "Pacific/Noumea", "Pacific/Tahiti", "America/Martinique", "Indian/Reunion"]
)
def test_publishing_some_days_again_leaves_the_days_around_alone(session: Session, world: World, zone: str) -> None:
    agent = open_at(session, world, "14:00", "18:00", time_zone=zone)
    before = publish(session, agent, in_days(1), in_days(10))

    after = publish(session, agent, in_days(4), in_days(6))

    assert after == before


def test_a_rule_that_is_gone_is_gone_from_the_days_published_again(session: Session, world: World) -> None:
    agent = open_at(session, world, "14:00", "18:00")
    publish(session, agent, in_days(1), in_days(5))
    session.execute(text("DELETE FROM opening_rule"))

    assert publish(session, agent, in_days(2), in_days(4)) == [utc(3, 3, 13), utc(3, 6, 13)]


def test_publishing_one_resource_leaves_the_others_alone(session: Session, world: World) -> None:
    one = open_at(session, world, "09:00", "12:00")
    other = open_at(session, world, "09:00", "12:00")
    publish(session, other, in_days(0), in_days(3))

    publish(session, one, in_days(0), in_days(3))

    assert len(starts_of(session, other)) == 3


@pytest.mark.parametrize("whole_site", [False, True])
def test_a_closure_of_the_resource_or_of_its_site_is_not_published(
    session: Session, world: World, whole_site: bool
) -> None:
    site = make_site(session, world.here)
    kind = make_kind(session, Shape.SLOTS)
    closed, neighbour = make_resource(session, site, kind), make_resource(session, site, kind)
    for agent in (closed, neighbour):
        make_rule(session, agent, TODAY.weekday(), "09:00", "12:00")
    close(session, site if whole_site else closed, None, in_days(1))  # since ever, today included

    publish_openings(session, [closed.id, neighbour.id], first=in_days(0), until=in_days(14))

    assert starts_of(session, closed) == [utc(3, 9, 8)]
    assert starts_of(session, neighbour) == ([utc(3, 9, 8)] if whole_site else [utc(3, 2, 8), utc(3, 9, 8)])


@pytest.mark.parametrize(
    ("columns", "opens"),
    [
        ({}, False),  # 14 July
        ({"ignores_holidays": True}, True),
        ({"holiday_zone": "974", "time_zone": "Indian/Reunion"}, False),
    ],
)
def test_a_public_holiday_closes_unless_the_kind_ignores_them(
    session: Session, world: World, columns: dict[str, Any], opens: bool
) -> None:
    agent = open_at(session, world, "09:00", "12:00", **columns)

    starts = publish(session, agent, date(2026, 7, 14), date(2026, 7, 15))

    assert bool(starts) is opens


def test_a_holiday_of_one_territory_closes_there_only(session: Session, world: World) -> None:
    guadeloupe = open_at(session, world, "09:00", "12:00", holiday_zone="971", time_zone="America/Guadeloupe")
    martinique = open_at(session, world, "09:00", "12:00", holiday_zone="972", time_zone="America/Martinique")

    assert publish(session, guadeloupe, date(2026, 5, 27), date(2026, 5, 28)) == []  # abolition, 27 May
    assert publish(session, martinique, date(2026, 5, 27), date(2026, 5, 28)) == [utc(5, 27, 13)]


def declaration(capacity: int = 20, load: int = 15, waiting: int = 3) -> Declaration:
    """Return what a service says of itself."""
    return Declaration(capacity=capacity, load=load, waiting=waiting)


@pytest.mark.parametrize("field", ["capacity", "load", "waiting"])
@pytest.mark.parametrize(("value", "fits"), [(-1, False), (0, True), (10_000, True), (10_001, False)])
def test_a_declaration_is_bounded(field: str, value: int, fits: bool) -> None:
    if fits:
        declaration(**{field: value})
    else:
        with pytest.raises(InvalidRequest) as refusal:
            declaration(**{field: value})
        assert refusal.value.field == field


def test_the_service_that_runs_a_resource_declares_what_it_can_take(session: Session, world: World) -> None:
    mediator = make_resource(session, world.site, make_kind(session, Shape.PLACES))

    declare(session, world.host, mediator.id, declaration(), now=NOW)

    session.refresh(mediator)
    assert (mediator.capacity, mediator.declared_load, mediator.declared_waiting) == (20, 15, 3)
    assert mediator.declared_on == TODAY
    line = session.exec(select(HistoryLine)).one()
    assert (line.act, line.subject, line.subject_id) == ("declared", "resource", str(mediator.id))
    assert line.facts == {"capacity": 20, "load": 15, "waiting": 3}


def test_a_declaration_is_dated_by_the_day_that_it_is_there(session: Session, world: World) -> None:
    site = make_site(session, world.here, time_zone="Pacific/Noumea")
    mediator = make_resource(session, site, make_kind(session, Shape.PLACES))
    evening = datetime(2026, 3, 2, 22, tzinfo=UTC)  # 09:00 the next day in Nouméa

    declare(session, make_host(site.organisation_id, world.here), mediator.id, declaration(), now=evening)

    session.refresh(mediator)
    assert mediator.declared_on == in_days(1)


def test_nobody_declares_for_a_resource_that_they_do_not_run(session: Session, world: World) -> None:
    kind, other_kind = make_kind(session, Shape.PLACES), make_kind(session, Shape.PLACES)
    mediator = make_resource(session, world.site, kind)
    run_by = world.site.organisation_id
    strangers = [
        world.officer,
        make_host(make_site(session, world.here).organisation_id, world.here),  # another organisation
        make_host(run_by, world.elsewhere),  # the same, in another ressort
        make_actor(Role.PARTNER, world.here, kind=other_kind, organisation_id=run_by),  # for another kind
        make_actor(Role.PARTNER, world.here),  # a partner of nobody
    ]

    for stranger in strangers:
        with refused(session, NotFound):
            declare(session, stranger, mediator.id, declaration(), now=NOW)
    with refused(session, NotFound):
        declare(session, world.host, 10**12, declaration(), now=NOW)
