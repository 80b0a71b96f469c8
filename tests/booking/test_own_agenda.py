"""Whose agenda is whose: an administrator says so, of the accounts that set hours there."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.administered import site_closures
from availability.closings import ClosedDays, close_site_days, reopen_site_days
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Shape
from availability.rights import Role
from booking.own_agenda import agents, give_agenda, own_agenda, owners_of
from portal.accounts import NewAccount, create
from tests.factories import NOW, TODAY, make_actor, make_kind, make_resource, make_world


def test_an_agenda_is_of_one_account_that_sets_hours_there_and_an_account_has_one(session: Session) -> None:
    world = make_world(session)
    kind = make_kind(session, Shape.SLOTS)
    first, second = (make_resource(session, world.site, kind, name=name) for name in ("Été Fictif", "Ana Fictif"))
    lou = make_actor(Role.ADMINISTRATOR, world.here)
    ana, other = (
        create(session, NewAccount(login, name, "", role, world.here.id, "un mot de passe long"))
        for login, name, role in (
            ("ana", "Ana Fictif", Role.PROBATION_OFFICER),
            ("juge", "Juge Fictif", Role.FAMILY_JUDGE),
        )
    )
    create(session, NewAccount("avocat", "Avocat Fictif", "", Role.LAWYER, world.here.id, "un mot de passe long"))

    assert [one.account_id for one in owners_of(session, lou, first.id)] == [ana]
    give_agenda(session, lou, first.id, ana, now=NOW)
    give_agenda(session, lou, second.id, ana, now=NOW)
    assert own_agenda(session, ana) == second.id
    assert [(one.name, one.owner) for one in agents(session, lou, "ete fictif")] == [("Été Fictif", None)]
    assert [one.name for one in agents(session, lou, "")] == ["Ana Fictif"]
    give_agenda(session, lou, second.id, None, now=NOW)
    assert own_agenda(session, ana) is None
    judge = make_resource(session, world.site, make_kind(session, Shape.SLOTS, reserved_by=()))  # whom nobody reserves
    assert {one.account_id for one in owners_of(session, lou, judge.id)} == {ana, other}
    for account in (other, uuid4()):
        with pytest.raises(InvalidRequest):
            give_agenda(session, lou, first.id, account, now=NOW)
    for stranger in (world.officer, make_actor(Role.ADMINISTRATOR, world.elsewhere)):
        with pytest.raises(NotFound):
            give_agenda(session, stranger, first.id, ana, now=NOW)


def test_a_site_that_nobody_runs_wholly_any_more_is_opened_again_by_its_administrator(session: Session) -> None:
    world = make_world(session)
    mine = make_kind(session, Shape.SLOTS, reserved_by=[Role.PROBATION_OFFICER])
    make_resource(session, world.site, mine)
    lou = make_actor(Role.ADMINISTRATOR, world.here)
    days = ClosedDays(TODAY + timedelta(days=2), TODAY + timedelta(days=5), "travaux")
    closed = close_site_days(session, world.officer, world.site.id, days, now=NOW)
    make_resource(session, world.site, make_kind(session, Shape.SLOTS, reserved_by=[Role.REGISTRY]))
    with pytest.raises(NotAllowed):
        reopen_site_days(session, world.officer, world.site.id, closed.closure_id, now=NOW)

    assert [one.site_id for one in site_closures(session, lou, now=NOW)] == [world.site.id]
    assert reopen_site_days(session, lou, world.site.id, closed.closure_id, now=NOW) == days
    assert site_closures(session, lou, now=NOW) == []
    with pytest.raises(NotFound):
        close_site_days(session, make_actor(Role.ADMINISTRATOR, world.elsewhere), world.site.id, days, now=NOW)
