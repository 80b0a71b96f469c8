"""Administrators write what messages say: who may, what is kept, what leaves, what is taken back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.models import Organisation, TerritoryLevel
from availability.rights import Actor, Right, Role
from convocations.actions import convene
from convocations.delivery import claim_due
from convocations.errors import TextChanged, TextRefused, TextTelling
from convocations.kinds import MessageKind
from convocations.models import Message
from convocations.routes import Routes
from convocations.template_queries import Scope, broken, reviews, sample, services, texts_for, versions
from convocations.templates import (
    forget_draft,
    let_name,
    may_write,
    put_in_use,
    review,
    save_draft,
    set_reminders,
    use_version,
)
from convocations.texts import Wrong
from tests.conftest import Database
from tests.convocations.crowd import located
from tests.convocations.desk import HOUSE, NINE, Desk, make_desk
from tests.factories import NOW, make_site, make_territory
from tests.races import act, at_once, refusals

SOON = NOW + timedelta(minutes=1)
CONFIRMATION, REMINDER = MessageKind.CONFIRMATION, MessageKind.REMINDER
GOOD = "C’est noté : {jour} à {heure}, {lieu}. {lien}"
ORIGIN = "https://placejuste.example"


def administrator(*territory_ids: int, kind_id: int | None = None) -> Actor:
    """Return who administers some territories."""
    right = Right(role=Role.ADMINISTRATOR, territory_ids=frozenset(territory_ids), kind_id=kind_id)
    return Actor(account_id=uuid4(), name="Administration fictive", rights=(right,), home_territory_id=territory_ids[0])


def scoped(desk: Desk, kind: MessageKind = CONFIRMATION, language: str = "fr") -> Scope:
    """Return the texts of the service of a desk, for any kind of place."""
    return Scope(kind, language, None, desk.world.site.organisation_id)


@pytest.fixture
def desk(session: Session) -> Desk:
    return located(make_desk(session))


@pytest.fixture
def editor(desk: Desk) -> Actor:
    return administrator(desk.world.site.territory_id)


def leaving(session: Session) -> list[tuple[str, UUID | None]]:
    """Claim what is due; return the texts, with the version that each was written from."""
    session.flush()
    claimed = claim_due(
        session, house=HOUSE, origin=ORIGIN, routes=Routes(), now=SOON, lease=timedelta(seconds=60)
    ).outgoing
    return [(one.body, session.get_one(Message, one.id, populate_existing=True).text_id) for one in claimed]


def test_a_text_of_the_service_is_what_its_messages_are_written_from(
    session: Session, desk: Desk, editor: Actor
) -> None:
    version = put_in_use(session, editor, scoped(desk), GOOD, seen=None, now=NOW)
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    ((body, text_id),) = leaving(session)

    assert body.startswith("C'est noté : mardi 10 mars à 9 h, ")
    assert text_id == version


def test_a_text_broken_since_never_keeps_a_message_from_leaving_and_is_shown(
    session: Session, desk: Desk, editor: Actor
) -> None:
    version = put_in_use(session, editor, scoped(desk), GOOD, seen=None, now=NOW)
    session.execute(text("UPDATE message_text SET body = '{oops} {lien}' WHERE id = :id"), {"id": version})
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    ((body, text_id),) = leaving(session)

    assert body.startswith("Votre rendez-vous est pris")
    assert text_id is None
    assert broken(session, editor, is_national=False) == [(version, scoped(desk), SOON)]


def test_only_whoever_administers_all_the_places_of_a_service_writes_its_texts(session: Session, desk: Desk) -> None:
    here, elsewhere = desk.world.site.territory_id, make_territory(session).id
    scope = scoped(desk)
    of_another_kind = administrator(here, kind_id=desk.kind.id + 1)

    assert may_write(session, administrator(here), scope)
    assert not may_write(session, administrator(elsewhere), scope)
    assert not may_write(session, of_another_kind, scope)
    assert not may_write(session, desk.officer, scope)
    assert not may_write(session, administrator(here), Scope(CONFIRMATION)), "the texts of all are the country's"
    with pytest.raises(NotAllowed):
        put_in_use(session, desk.officer, scope, GOOD, seen=None, now=NOW)
    make_site(session, make_territory(session), session.get_one(Organisation, scope.organisation_id))
    assert not may_write(session, administrator(here), scope), "it has places elsewhere too"


def test_what_is_wrong_is_refused_and_nothing_is_kept(session: Session, desk: Desk, editor: Actor) -> None:
    with pytest.raises(TextRefused) as refused:
        save_draft(session, editor, scoped(desk), "{quand} {nom} {lein}", now=NOW)

    told = [(one.code, one.said, one.instead) for one in refused.value.facts["problems"]]  # type: ignore[attr-defined]
    assert told[:2] == [(Wrong.FORBIDDEN, "nom", ""), (Wrong.UNKNOWN, "lein", "lien")]
    assert versions(session, scoped(desk)) == []
    with pytest.raises(InvalidRequest):
        save_draft(session, editor, Scope(CONFIRMATION, "xx", None, scoped(desk).organisation_id), GOOD, now=NOW)


def test_words_that_tell_are_confirmed_in_one_click_and_that_is_logged(
    session: Session, desk: Desk, editor: Actor
) -> None:
    body = f"SPIP. {GOOD}"
    with pytest.raises(TextTelling) as telling:
        put_in_use(session, editor, scoped(desk), body, seen=None, now=NOW)
    version = put_in_use(session, editor, scoped(desk), body, seen=None, confirms=True, now=NOW)

    logged = session.execute(text("SELECT facts FROM history WHERE act = 'message-text-used'")).scalar_one()
    assert telling.value.facts["words"] == ["SPIP"]
    assert (logged["version"], logged["confirmed"]) == (str(version), ["SPIP"])
    assert versions(session, scoped(desk))[0].confirmed == ("SPIP",)


def test_versions_are_kept_and_the_act_is_taken_back(session: Session, desk: Desk, editor: Actor) -> None:
    scope = scoped(desk)
    first = put_in_use(session, editor, scope, GOOD, seen=None, now=NOW)
    save_draft(session, editor, scope, f"Brouillon. {GOOD}", now=NOW)
    second = put_in_use(session, editor, scope, f"Bonjour. {GOOD}", seen=first, now=SOON)

    assert [(one.number, one.state) for one in versions(session, scope)] == [(2, "in_use"), (1, "past")]
    use_version(session, editor, scope, first, seen=second, now=SOON)
    assert [(one.number, one.state) for one in versions(session, scope)] == [(2, "past"), (1, "in_use")]
    use_version(session, editor, scope, None, seen=first, now=SOON)
    assert texts_for(session, [(None, scope.organisation_id)]).find(CONFIRMATION, "fr", scope.place) is None
    with pytest.raises(NotFound):
        use_version(session, editor, scope, uuid4(), seen=None, now=SOON)


def test_a_draft_leaves_nowhere_and_is_replaced_by_the_next(session: Session, desk: Desk, editor: Actor) -> None:
    scope = scoped(desk)
    save_draft(session, editor, scope, GOOD, now=NOW)
    save_draft(session, editor, scope, f"Bonjour. {GOOD}", now=NOW)

    assert [(one.number, one.state, one.body) for one in versions(session, scope)] == [(1, "draft", f"Bonjour. {GOOD}")]
    assert texts_for(session, [(None, scope.organisation_id)]).find(CONFIRMATION, "fr", scope.place) is None
    forget_draft(session, editor, scope)
    assert versions(session, scope) == []


def test_a_service_says_whether_its_name_may_be_written(session: Session, desk: Desk, editor: Actor) -> None:
    organisation_id = desk.world.site.organisation_id
    partner = Actor(
        uuid4(),
        "Partenaire fictif",
        (Right(Role.PARTNER, frozenset({desk.world.site.territory_id}), organisation_id=organisation_id),),
        desk.world.site.territory_id,
    )
    with pytest.raises(NotAllowed):
        let_name(session, desk.officer, organisation_id, allowed=True, now=NOW)
    with pytest.raises(TextRefused):
        put_in_use(session, editor, scoped(desk), f"{{service}} : {GOOD}", seen=None, now=NOW)

    let_name(session, partner, organisation_id, allowed=True, now=NOW)
    put_in_use(session, editor, scoped(desk), f"{{service}} : {GOOD}", seen=None, now=NOW)
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    (named,) = [one for one in services(session, editor) if one.id == organisation_id]
    assert (named.is_mine, named.is_named) == (True, True)
    assert services(session, editor, words=named.name[:4].upper())[0] == named
    assert services(session, editor, words="%") == []
    assert services(session, editor, words="%", chosen=named.id) == [named]
    assert leaving(session)[0][0].startswith(f"{named.name} : ")


def test_a_language_is_to_be_reviewed_until_somebody_says_so(session: Session, desk: Desk, editor: Actor) -> None:
    country = make_territory(session, level=TerritoryLevel.COUNTRY)
    national = administrator(country.id)
    with pytest.raises(NotAllowed):
        review(session, editor, "bn", reviewed=True, now=NOW)
    assert not any(one.is_reviewed for one in reviews(session))
    review(session, national, "bn", reviewed=True, now=NOW)

    assert [one.language for one in reviews(session) if one.is_reviewed] == ["bn"]
    session.execute(text("UPDATE language_review SET digest = 'before'"))
    assert not any(one.is_reviewed for one in reviews(session)), "its sentences changed since"


def test_a_kind_may_remind_several_times_each_until_the_next(session: Session, desk: Desk) -> None:
    country = make_territory(session, level=TerritoryLevel.COUNTRY)
    national = administrator(country.id)
    with pytest.raises(InvalidRequest):
        set_reminders(session, national, desk.kind.id, [24], now=NOW)
    assert set_reminders(session, national, desk.kind.id, [168, 72], now=NOW) == ()
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    session.flush()

    rows = session.execute(
        text(
            "SELECT hours_before, due_at, useful_until FROM message WHERE convocation_id = :id AND kind = 'reminder'"
            " ORDER BY due_at"
        ),
        {"id": made.id},
    ).all()
    assert [row.hours_before for row in rows] == [168, 72, None]
    assert [row.useful_until for row in rows[:2]] == [NINE - timedelta(hours=72), NINE - timedelta(hours=48)]
    assert all(row.due_at < row.useful_until for row in rows)


def test_a_preview_says_what_the_next_message_will(session: Session, desk: Desk, editor: Actor) -> None:
    before = sample(session, editor, scoped(desk, REMINDER), origin=ORIGIN, now=NOW)
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    session.flush()
    after = sample(session, editor, scoped(desk, REMINDER), origin=ORIGIN, now=NOW)

    assert (before.is_real, after.is_real, after.facts.starts_at) == (False, True, NINE)
    assert after.facts.address == before.facts.address


def test_two_who_change_one_text_at_once_are_one_who_does_and_one_who_is_told(database: Database) -> None:
    with Session(database.engine) as session, session.begin():
        desk = make_desk(session)
        editor, scope = administrator(desk.world.site.territory_id), scoped(desk)

    def write(session: Session) -> UUID:
        return put_in_use(session, editor, scope, GOOD, seen=None, now=NOW)

    done = at_once([partial(act, database.engine, write)] * 4)

    assert refusals(done) == [TextChanged] * 3
    with Session(database.engine) as session:
        assert [one.state for one in versions(session, scope)] == ["in_use"]
