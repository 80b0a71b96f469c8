"""Feeds refreshed by the clock, from a real server to the slots of an agenda."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.absences import Feed, SealedAddress, add_feed, feeds_of
from availability.models import Shape
from availability.sealing import CALENDAR_FEEDS, House, seal
from portal import clock
from portal import database as portal_database
from portal.feeds import refresh_feeds
from portal.settings import settings
from tests.conftest import Database
from tests.factories import NOW, make_kind, make_resource, make_world
from tests.feed_server import FeedServer, serving_feeds

SECRET = "a fictional secret key of forty letters.."


@pytest.fixture
def _configured(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("PLACEJUSTE_SECRET_KEY", SECRET)
    monkeypatch.setenv("PLACEJUSTE_FEEDS_INSIDE", "true")
    monkeypatch.setattr(clock, "_offset", NOW - datetime.now(UTC))
    settings.cache_clear()
    portal_database.engine.cache_clear()
    yield
    portal_database.engine().dispose()
    portal_database.engine.cache_clear()
    settings.cache_clear()


def subscribed(database: Database, server: FeedServer, path: str = "") -> int:
    """Return an agent who is busy as the server says."""
    with Session(database.engine) as session, session.begin():
        world = make_world(session)
        agent = make_resource(session, world.site, make_kind(session, Shape.SLOTS))
        sealed = seal(House(SECRET.encode()).derived(CALENDAR_FEEDS), server.url + path)
        add_feed(session, world.officer, agent.id, SealedAddress(sealed, "127.0.0.1"), now=NOW)
        return agent.id


def feed_of(database: Database, resource_id: int) -> Feed:
    with Session(database.engine) as session:
        (feed,) = feeds_of(session, resource_id, now=NOW)
    return feed


def make_due(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE calendar_feed SET next_at = :now"), {"now": NOW - timedelta(minutes=1)})


@pytest.mark.usefixtures("_configured")
async def test_a_feed_is_read_then_left_alone_then_breaks_then_recovers(database: Database) -> None:
    async with serving_feeds() as server:
        server.etag = '"1"'
        agent_id = subscribed(database, server)

        await refresh_feeds()
        feed = feed_of(database, agent_id)
        assert (feed.events, feed.absences, feed.problem) == (1, 1, "")
        assert feed.next_start == datetime(2026, 3, 10, 9, tzinfo=UTC)
        await refresh_feeds()
        assert len(server.asked) == 1  # it is not due

        make_due(database)
        await refresh_feeds()
        assert server.asked[1].headers["If-None-Match"] == '"1"'

        server.etag, server.body = '"2"', b"<html>Connexion</html>"
        make_due(database)
        await refresh_feeds()
        feed = feed_of(database, agent_id)
        assert (feed.problem, feed.failures, feed.absences) == ("not-a-calendar", 1, 1)

        server.body = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        make_due(database)
        await refresh_feeds()
        feed = feed_of(database, agent_id)
        assert (feed.problem, feed.failures, feed.absences) == ("", 0, 0)


@pytest.mark.usefixtures("_configured")
async def test_one_feed_that_breaks_keeps_no_other_from_being_read(database: Database) -> None:
    async with serving_feeds() as server:
        broken, good = subscribed(database, server), subscribed(database, server)
        with database.engine.begin() as connection:
            lost = {"lost": b"sealed with another key", "id": broken}
            connection.execute(text("UPDATE calendar_feed SET url_sealed = :lost WHERE resource_id = :id"), lost)

        await refresh_feeds()

    assert feed_of(database, broken).problem == "unsealable"
    assert feed_of(database, good).absences == 1
