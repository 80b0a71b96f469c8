"""Judicial recess: written court by court, closes what says so, leaves what was taken, and is taken back."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.claims import SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.models import Resource, Shape, TerritoryLevel
from availability.publishing import publish_openings
from availability.recess import Recess, courts_of, forget_recess, recesses_to_come, set_recess, set_recess_of
from availability.rights import Actor, Right, Role
from tests.conftest import Database
from tests.factories import NOW, TODAY, in_days, make_kind, make_resource, make_rule, make_site, make_territory
from tests.races import act, at_once, refusals

DAYS = Recess(in_days(7), in_days(14), "Vacations d’hiver")
OPENED = text("SELECT count(*) FROM opening WHERE resource_id = :id AND starts_at >= :first AND starts_at < :until")


class Courts:
    """A court of appeal, its two courts, the proximity court of one, and an agenda in each of the two."""

    def __init__(self, session: Session):
        self.appeal = make_territory(session, level=TerritoryLevel.COURT_OF_APPEAL)
        self.first, self.second = (make_territory(session, parent=self.appeal) for _ in range(2))
        self.near = make_territory(session, parent=self.first, level=TerritoryLevel.PROXIMITY_COURT)
        kind = make_kind(session, Shape.SLOTS, closes_in_recess=True)
        self.agendas = [self._agenda(session, court, kind) for court in (self.first, self.second)]
        self.open_always = self._agenda(session, self.first, make_kind(session, Shape.SLOTS))
        self.all = frozenset(one.id for one in (self.appeal, self.first, self.second, self.near))

    def _agenda(self, session: Session, court: object, kind: object) -> Resource:
        agenda = make_resource(session, make_site(session, court), kind)  # type: ignore[arg-type]
        for weekday in range(5):
            make_rule(session, agenda, weekday, "09:00", "12:00")
        publish_openings(session, [agenda.id], first=TODAY, until=in_days(30))
        return agenda

    def somebody(self, role: Role, *territories: int) -> Actor:
        """Return who holds this role over these territories, or over the whole court of appeal."""
        return Actor(uuid4(), "Quelqu’un Fictif", (Right(role, frozenset(territories) or self.all),), self.appeal.id)


@pytest.fixture
def courts(session: Session) -> Courts:
    return Courts(session)


def opened(session: Session, agenda: Resource) -> int:
    """Return how many openings the days of recess hold."""
    asked = {"id": agenda.id, "first": DAYS.first, "until": DAYS.until}
    return int(session.execute(OPENED, asked).scalar_one())


def test_a_recess_of_a_court_of_appeal_closes_each_of_its_courts_and_is_taken_back(
    session: Session, courts: Courts
) -> None:
    admin = courts.somebody(Role.ADMINISTRATOR)
    start = datetime.fromisoformat("2026-03-10T08:00+00:00")
    holder = Holder(id=uuid4(), now=NOW)
    occupy(session, [SlotClaim(resource_id=courts.agendas[1].id, start=start)], holder)

    done = set_recess(session, admin, courts.appeal.id, DAYS, now=NOW)

    assert len(done.ids) == 3
    assert [one.holder_id for one in done.outside] == [holder.id]
    assert [opened(session, one) for one in courts.agendas] == [0, 0]
    assert opened(session, courts.open_always) == 5
    (shown,) = recesses_to_come(session, admin, now=NOW)
    assert (shown.days, shown.appeal) == (DAYS, courts.appeal.name)
    assert sorted(shown.courts) == sorted([courts.first.name, courts.second.name, courts.near.name])

    gone = forget_recess(session, admin, shown.ids, now=NOW)
    assert [opened(session, one) for one in courts.agendas] == [5, 5]
    assert len(set_recess_of(session, admin, gone.court_ids, gone.days, now=NOW).ids) == 3
    assert [opened(session, one) for one in courts.agendas] == [0, 0]


def test_a_registry_sets_those_of_its_court_and_of_no_other(session: Session, courts: Courts) -> None:
    clerk = courts.somebody(Role.REGISTRY, courts.first.id, courts.near.id)

    done = set_recess(session, clerk, courts.first.id, DAYS, now=NOW)

    assert [opened(session, one) for one in courts.agendas] == [0, 5]
    assert [name for _, name, _ in courts_of(session, clerk)] == [courts.first.name]
    for territory in (courts.second.id, courts.appeal.id):
        with pytest.raises(NotAllowed):
            set_recess(session, clerk, territory, DAYS, now=NOW)
    elsewhere = courts.somebody(Role.REGISTRY, courts.second.id)
    assert recesses_to_come(session, elsewhere, now=NOW) == []
    with pytest.raises(NotAllowed):
        forget_recess(session, elsewhere, done.ids, now=NOW)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMINISTRATOR, Role.REGISTRY)])
def test_no_other_role_sets_one(session: Session, courts: Courts, role: Role) -> None:
    with pytest.raises(NotAllowed):
        set_recess(session, courts.somebody(role), courts.first.id, DAYS, now=NOW)


@pytest.mark.parametrize(
    ("days", "field", "problem"),
    [
        ((7, 7, ""), "until", "not-after-start"),
        ((7, 128, ""), "until", "too-many-days"),
        ((7, 8, "x" * 121), "reason", "too-long"),
        ((-3, 0, ""), "first", "past"),
        ((360, 368, ""), "until", "too-far"),
    ],
)
def test_days_that_cannot_be_are_refused_by_their_field(
    session: Session, courts: Courts, days: tuple[int, int, str], field: str, problem: str
) -> None:
    first, until, reason = days
    admin = courts.somebody(Role.ADMINISTRATOR)
    with pytest.raises(InvalidRequest) as caught:
        set_recess(session, admin, courts.first.id, Recess(in_days(first), in_days(until), reason), now=NOW)

    assert (caught.value.field, caught.value.problem) == (field, problem)


@pytest.mark.parametrize(("first", "until"), [(7, 127), (-3, 1), (360, 366)])
def test_days_at_each_limit_are_set(session: Session, courts: Courts, first: int, until: int) -> None:
    days = Recess(in_days(first), in_days(until))

    assert len(set_recess(session, courts.somebody(Role.ADMINISTRATOR), courts.second.id, days, now=NOW).ids) == 1


def test_days_that_a_court_has_already_are_refused_and_the_next_day_is_not(session: Session, courts: Courts) -> None:
    admin = courts.somebody(Role.ADMINISTRATOR)
    set_recess(session, admin, courts.second.id, DAYS, now=NOW)

    with pytest.raises(InvalidRequest) as caught:
        set_recess(session, admin, courts.appeal.id, Recess(in_days(13), in_days(20)), now=NOW)
    assert caught.value.facts["court"] == courts.second.name
    set_recess(session, admin, courts.appeal.id, Recess(in_days(14), in_days(20)), now=NOW)


def test_what_is_no_court_or_no_longer_there_is_not_found(session: Session, courts: Courts) -> None:
    admin = courts.somebody(Role.ADMINISTRATOR)
    done = set_recess(session, admin, courts.second.id, DAYS, now=NOW)
    forget_recess(session, admin, done.ids, now=NOW)

    for attempt in (
        partial(set_recess, session, admin, 2**40, DAYS, now=NOW),
        partial(forget_recess, session, admin, done.ids, now=NOW),
        partial(forget_recess, session, admin, [], now=NOW),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_of_several_who_write_the_same_days_at_once_one_does(database: Database) -> None:
    courts = act(database.engine, Courts)
    admin = courts.somebody(Role.ADMINISTRATOR)

    answers: list[object | Refusal] = at_once(
        [partial(act, database.engine, set_recess, admin, courts.appeal.id, DAYS, now=NOW) for _ in range(6)]
    )

    assert refusals(answers) == [InvalidRequest] * 5
