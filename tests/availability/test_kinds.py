"""Kinds as administrators write them: bounds, rights, nobody's change lost, and what is taken stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from availability.actions import Holder, occupy
from availability.claims import PlaceClaim, SlotClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, Refusal
from availability.history import HistoryLine
from availability.kind_drafts import BOUNDS, KindDraft, RoleRight, differences, problems_of, shaped, slug
from availability.kinds import (
    ChangedMeanwhile,
    KindInUse,
    ShapeFixed,
    change_kind,
    create_kind,
    forget_kind,
    history_of,
    kind_written,
    kinds_written,
    set_in_service,
)
from availability.models import Kind, Opening, Shape, Territory, TerritoryLevel
from availability.periods import Period
from availability.publishing import publish_openings
from availability.queries import kinds_for, slots_of
from availability.rights import Actor, Role
from availability.search import search
from availability.wishes import Wish
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    in_days,
    make_actor,
    make_kind,
    make_resource,
    make_rule,
    make_site,
    make_territory,
    make_world,
)
from tests.races import act, at_once, refusals

AGE = {"label": "Âge", "type": "range", "least": "min_age", "most": "max_age"}
DRAFT = KindDraft(
    label="Consultation d’essai",
    label_plural="consultations d’essai",
    layer="Essai",
    shape=Shape.SLOTS,
    slot_step_min=20,
    searchable={"age": AGE},
    rights=(RoleRight(Role.PROBATION_OFFICER, may_reserve=True), RoleRight(Role.ADMINISTRATOR)),
)


def country(session: Session) -> Territory:
    return make_territory(session, level=TerritoryLevel.COUNTRY)


@pytest.fixture
def admin(session: Session) -> Actor:
    """Somebody who administers the country."""
    return make_actor(Role.ADMINISTRATOR, country(session))


def refused(act_of_somebody: Any) -> Refusal:
    """Return how an act is refused."""
    with pytest.raises(Refusal) as caught:
        act_of_somebody()
    return caught.value


# --- what is written ---


def test_a_kind_is_created_read_back_and_written_in_the_history(session: Session, admin: Actor) -> None:
    kind_id = create_kind(session, admin, DRAFT, now=NOW)

    assert kind_written(session, admin, kind_id) == shaped(DRAFT)
    assert session.get_one(Kind, kind_id).code == "consultation-d-essai"
    assert [one.act for one in history_of(session, admin, kind_id)] == ["kind-created"]
    assert [one.kind.id for one in kinds_written(session, admin)] == [kind_id]


def test_two_of_one_name_have_codes_of_their_own(session: Session, admin: Actor) -> None:
    made = [create_kind(session, admin, DRAFT, now=NOW) for _ in range(3)]

    codes = [session.get_one(Kind, one).code for one in made]
    assert codes == ["consultation-d-essai", "consultation-d-essai-2", "consultation-d-essai-3"]


@pytest.mark.parametrize(
    ("label", "code"),
    [("Lit d’hôpital", "lit-d-hopital"), ("Œuvre  n°2 ", "oeuvre-n-2"), ("日本", "type"), ("x" * 90, "x" * 40)],
)
def test_a_code_is_made_of_the_name(label: str, code: str) -> None:
    assert slug(label) == code


def test_what_a_shape_does_not_use_is_left_as_usual() -> None:
    beds = shaped(replace(DRAFT, shape=Shape.NIGHTS, slot_step_min=7, ignores_holidays=True, max_days=90))
    hours = shaped(replace(DRAFT, max_days=90, fresh_days=3))

    assert (beds.slot_step_min, beds.ignores_holidays, beds.max_days) == (30, False, 90)
    assert (hours.slot_step_min, hours.max_days, hours.fresh_days) == (20, None, 30)


# --- bounds ---

USED_BY = {"max_days": Shape.PLACES, "fresh_days": Shape.PLACES}


@pytest.mark.parametrize("name", sorted(set(BOUNDS) - {"position"}))
def test_each_bound_is_the_one_of_the_table(session: Session, name: str) -> None:
    least, most = BOUNDS[name]
    shape = USED_BY.get(name, Shape.SLOTS)
    draft = replace(DRAFT, shape=shape, max_ahead_days=366)
    for value in (least, most):
        said: dict[str, Any] = {name: value}
        assert problems_of(replace(draft, **said)) == []
        make_kind(session, shape, **said)
    for value in (least - 1, most + 1):
        said = {name: value}
        (problem,) = problems_of(replace(draft, **said))
        assert (problem.field, problem.problem) == (name, "out-of-range")
        with pytest.raises(IntegrityError), session.begin_nested():
            make_kind(session, shape, **said)


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"label": " "}, "label", "required"),
        ({"label": "x" * 81}, "label", "too-long"),
        ({"layer": "x" * 25}, "layer", "too-long"),
        ({"layer": "a\x00b"}, "layer", "unreadable"),
        ({"layer": "a\nb"}, "layer", "unreadable"),
        ({"hold_minutes": True}, "hold_minutes", "not-numeric"),
        ({"hold_minutes": None}, "hold_minutes", "not-numeric"),
        ({"min_notice_days": 11, "max_ahead_days": 10}, "min_notice_days", "nothing-left"),
        ({"shape": Shape.PLACES, "refused_if_violence": True}, "refused_if_violence", "only-designated"),
        ({"shape": Shape.PLACES, "meeting_kind_id": 1}, "meeting_kind_id", "only-designated"),
        (
            {"shape": Shape.PLACES, "is_designated": True, "hearing_kind_id": 1},
            "hearing_kind_id",
            "only-with-meeting",
        ),
        ({"searchable": {"age": {"label": "Âge", "type": "choice"}}}, "searchable.age.choices", "required"),
        ({"searchable": {"a": {"label": "", "type": "flag"}}}, "searchable.a.label", "required"),
    ],
)
def test_what_cannot_stand_is_refused_by_the_name_of_its_field(
    session: Session, admin: Actor, changes: dict[str, Any], field: str, problem: str
) -> None:
    refusal = refused(partial(create_kind, session, admin, replace(DRAFT, **changes), now=NOW))

    assert isinstance(refusal, InvalidRequest)
    assert (refusal.field, refusal.problem) == (field, problem)


def test_the_meeting_that_precedes_is_a_kind_of_hours_in_service(session: Session, admin: Actor) -> None:
    hours, beds = make_kind(session, Shape.SLOTS), make_kind(session, Shape.NIGHTS)
    gone = make_kind(session, Shape.SLOTS, is_active=False)
    judged = replace(DRAFT, shape=Shape.PLACES, is_designated=True)
    for other in (beds.id, gone.id, 2**40):
        refusal = refused(partial(create_kind, session, admin, replace(judged, meeting_kind_id=other), now=NOW))
        assert refusal.facts["problem"] == "not-a-meeting"

    create_kind(session, admin, replace(judged, meeting_kind_id=hours.id), now=NOW)

    refusal = refused(partial(set_in_service, session, admin, hours.id, is_active=False, now=NOW))
    assert isinstance(refusal, KindInUse)
    assert refusal.facts["kinds"] == ("Consultation d’essai",)


def test_the_hearing_that_follows_is_a_kind_of_hearings_in_service_and_is_kept_by_a_change(
    session: Session, admin: Actor
) -> None:
    hours, hearings = make_kind(session, Shape.SLOTS), make_kind(session, Shape.SESSIONS)
    gone = make_kind(session, Shape.SESSIONS, is_active=False)
    judged = replace(DRAFT, shape=Shape.PLACES, is_designated=True, meeting_kind_id=hours.id)
    for other in (hours.id, gone.id, 2**40):
        refusal = refused(partial(create_kind, session, admin, replace(judged, hearing_kind_id=other), now=NOW))
        assert (refusal.facts["field"], refusal.facts["problem"]) == ("hearing_kind_id", "not-a-hearing")

    kind_id = create_kind(session, admin, replace(judged, hearing_kind_id=hearings.id), now=NOW)
    seen = kind_written(session, admin, kind_id)
    change_kind(session, admin, kind_id, replace(seen, hold_minutes=33), seen=seen, now=NOW)

    assert kind_written(session, admin, kind_id).hearing_kind_id == hearings.id
    refusal = refused(partial(set_in_service, session, admin, hearings.id, is_active=False, now=NOW))
    assert isinstance(refusal, KindInUse)


# --- rights ---


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_no_other_role_writes_a_kind_even_over_the_country(session: Session, role: Role) -> None:
    other = make_actor(role, country(session))
    kind = make_kind(session, Shape.SLOTS)
    for attempt in (
        partial(create_kind, session, other, DRAFT, now=NOW),
        partial(kind_written, session, other, kind.id),
        partial(change_kind, session, other, kind.id, DRAFT, seen=DRAFT, now=NOW),
        partial(set_in_service, session, other, kind.id, is_active=False, now=NOW),
        partial(forget_kind, session, other, kind.id, now=NOW),
        partial(kinds_written, session, other),
        partial(history_of, session, other, kind.id),
    ):
        assert isinstance(refused(attempt), NotAllowed)


def test_an_administrator_of_a_court_or_of_one_kind_writes_none(session: Session) -> None:
    whole, kind = country(session), make_kind(session, Shape.SLOTS)
    local = make_actor(Role.ADMINISTRATOR, make_territory(session, parent=whole))
    narrow = make_actor(Role.ADMINISTRATOR, whole, kind=kind)

    for other in (local, narrow):
        assert isinstance(refused(partial(create_kind, session, other, DRAFT, now=NOW)), NotAllowed)


# --- changes ---


def test_a_change_is_written_with_what_it_was_and_its_undo_gives_it_back(session: Session, admin: Actor) -> None:
    kind_id = create_kind(session, admin, DRAFT, now=NOW)
    wanted = replace(DRAFT, hold_minutes=20, rights=(RoleRight(Role.REGISTRY, may_set_hours=True),))

    done = change_kind(session, admin, kind_id, wanted, seen=DRAFT, now=NOW)
    last = history_of(session, admin, kind_id)[0]
    change_kind(session, admin, kind_id, done.before, seen=wanted, now=NOW)

    assert last.facts["changed"] == {
        "hold_minutes": [10, 20],
        "rights": [
            {"probation_officer": [True, False], "administrator": [False, False]},
            {"registry": [False, True]},
        ],
    }
    assert kind_written(session, admin, kind_id) == shaped(DRAFT)


def test_saving_what_stands_already_writes_nothing(session: Session, admin: Actor) -> None:
    kind_id = create_kind(session, admin, DRAFT, now=NOW)

    change_kind(session, admin, kind_id, replace(DRAFT, label=" Consultation d’essai "), seen=DRAFT, now=NOW)

    assert len(history_of(session, admin, kind_id)) == 1


def test_of_two_who_edit_the_second_is_told_what_differs_and_nothing_is_lost(session: Session, admin: Actor) -> None:
    kind_id = create_kind(session, admin, DRAFT, now=NOW)
    first = replace(DRAFT, hold_minutes=20)
    change_kind(session, admin, kind_id, first, seen=DRAFT, now=NOW)

    second = replace(DRAFT, layer="Autre")
    refusal = refused(partial(change_kind, session, admin, kind_id, second, seen=DRAFT, now=NOW))

    assert isinstance(refusal, ChangedMeanwhile)
    assert refusal.facts["fields"] == ("hold_minutes",)
    assert kind_written(session, admin, kind_id) == shaped(first)


def test_of_many_who_save_at_once_one_does_and_the_others_are_told(database: Database) -> None:
    boss = act(database.engine, lambda session: make_actor(Role.ADMINISTRATOR, country(session)))
    kind_id = act(database.engine, create_kind, boss, DRAFT, now=NOW)
    wanted = [replace(DRAFT, hold_minutes=minutes) for minutes in range(20, 28)]

    answers = at_once(
        [partial(act, database.engine, change_kind, boss, kind_id, one, seen=DRAFT, now=NOW) for one in wanted]
    )

    assert refusals(answers) == [ChangedMeanwhile] * 7
    with Session(database.engine) as session:
        assert len(history_of(session, boss, kind_id)) == 2


def test_the_shape_is_fixed_once_something_exists(session: Session, admin: Actor) -> None:
    kind_id = create_kind(session, admin, DRAFT, now=NOW)
    beds = replace(DRAFT, shape=Shape.NIGHTS)
    change_kind(session, admin, kind_id, beds, seen=DRAFT, now=NOW)
    make_resource(session, make_site(session, make_territory(session)), session.get_one(Kind, kind_id))

    refusal = refused(partial(change_kind, session, admin, kind_id, DRAFT, seen=beds, now=NOW))

    assert isinstance(refusal, ShapeFixed)
    change_kind(session, admin, kind_id, replace(beds, layer="Lits"), seen=beds, now=NOW)


def test_a_kind_that_no_longer_opens_on_saturday_says_what_is_left_outside(session: Session, admin: Actor) -> None:
    world = make_world(session)
    kind_id = create_kind(session, admin, DRAFT, now=NOW)
    place = make_resource(session, world.site, session.get_one(Kind, kind_id))
    make_rule(session, place, 5, "09:00", "12:00")
    publish_openings(session, [place.id], first=TODAY, until=in_days(30))
    saturday = datetime.fromisoformat("2026-03-07T08:00+00:00")
    holder = Holder(id=uuid4(), now=NOW)
    occupy(session, [SlotClaim(resource_id=place.id, start=saturday)], holder)

    closed = replace(DRAFT, ignores_weekends=False)
    done = change_kind(session, admin, kind_id, closed, seen=DRAFT, now=NOW)

    assert [one.holder_id for one in done.outside] == [holder.id]
    assert session.exec(select(Opening).where(Opening.resource_id == place.id)).all() == []
    change_kind(session, admin, kind_id, DRAFT, seen=closed, now=NOW)
    assert len(session.exec(select(Opening).where(Opening.resource_id == place.id)).all()) > 10


# --- retired ---


def test_a_retired_kind_is_offered_no_more_and_what_was_taken_stands(session: Session, admin: Actor) -> None:
    world = make_world(session)
    draft = replace(DRAFT, shape=Shape.PLACES)
    kind_id = create_kind(session, admin, draft, now=NOW)
    kind = session.get_one(Kind, kind_id)
    place = make_resource(session, world.site, kind, capacity=3)
    claim = PlaceClaim(resource_id=place.id, first=in_days(1), until=in_days(3))
    occupy(session, [claim], Holder(id=uuid4(), now=NOW))
    assert [one.id for one in kinds_for(session, world.officer)] == [kind_id]

    assert set_in_service(session, admin, kind_id, is_active=False, now=NOW) is True

    session.refresh(kind)
    assert kinds_for(session, world.officer) == []
    with pytest.raises(NotOpen) as caught, session.begin_nested():
        occupy(session, [claim], Holder(id=uuid4(), now=NOW))
    assert caught.value.facts["why"] == "out-of-service"
    assert session.execute(text("SELECT count(*) FROM place_period WHERE resource_id = :id"), {"id": place.id}).scalar()
    wish = Wish(kind=kind, first=in_days(1), until=in_days(2))
    assert search(session, world.officer, wish, now=NOW) == []

    assert set_in_service(session, admin, kind_id, is_active=True, now=NOW) is False
    session.refresh(kind)
    assert [one.resource_id for one in search(session, world.officer, wish, now=NOW)] == [place.id]
    occupy(session, [claim], Holder(id=uuid4(), now=NOW))
    assert [one.act for one in history_of(session, admin, kind_id)] == ["kind-back", "kind-retired", "kind-created"]


def test_no_slot_of_a_retired_kind_is_listed(session: Session, admin: Actor) -> None:
    world = make_world(session)
    kind_id = create_kind(session, admin, DRAFT, now=NOW)
    place = make_resource(session, world.site, session.get_one(Kind, kind_id))
    make_rule(session, place, 1, "09:00", "12:00")
    publish_openings(session, [place.id], first=TODAY, until=in_days(8))
    week = Period(NOW, NOW + timedelta(days=7))
    assert len(slots_of(session, [place.id], within=week, now=NOW)[place.id]) == 7

    set_in_service(session, admin, kind_id, is_active=False, now=NOW)

    assert slots_of(session, [place.id], within=week, now=NOW) == {}


def test_a_creation_is_taken_back_unless_something_relies_on_it(session: Session, admin: Actor) -> None:
    kind_id, used, named = (create_kind(session, admin, DRAFT, now=NOW) for _ in range(3))
    make_resource(session, make_site(session, make_territory(session)), session.get_one(Kind, used))
    judged = replace(DRAFT, shape=Shape.PLACES, is_designated=True, meeting_kind_id=named)
    create_kind(session, admin, judged, now=NOW)

    assert forget_kind(session, admin, kind_id, now=NOW) == shaped(DRAFT)

    assert isinstance(refused(partial(kind_written, session, admin, kind_id)), NotFound)
    for relied_on in (used, named):
        assert isinstance(refused(partial(forget_kind, session, admin, relied_on, now=NOW)), KindInUse)
    line = session.exec(select(HistoryLine).where(HistoryLine.act == "kind-forgotten")).one()
    assert line.facts == {"label": "Consultation d’essai"}


def test_differences_name_only_what_differs() -> None:
    assert differences(DRAFT, DRAFT) == {}
    assert differences(DRAFT, replace(DRAFT, hold_minutes=11)) == {"hold_minutes": [10, 11]}
