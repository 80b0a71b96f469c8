"""A registry invites a lawyer: the link opens one account, once, for its court; nobody else's is of use."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.models import Site, Territory
from availability.rights import Role
from booking.convocation_dates import convocation_dates, courts_with_dates
from booking.hosting_models import MailState
from booking.lawyer_invitations import (
    INVITATIONS,
    InvitationOver,
    LoginTaken,
    accepted,
    invitation_named,
    invitations_of,
    invite,
    let_in,
    mailed_of,
    restore_invitation,
    token_of_invitation,
    withdraw_invitation,
)
from booking.lawyers import lawyers_of
from booking.links import LinkName, read_token
from booking.mail import UNDO
from booking.mail_delivery import MailOutcome, claim_due, settle
from booking.pages.lawyer_registry_form import LAST_ID, number_of
from booking.pages.mail_words import write
from portal.accounts import NewAccount, create
from portal.identity import Account
from portal.sign_in import actor_of_account
from tests.booking.bar import HOUSE, make_lawyer
from tests.booking.court import SmallCourt, make_court
from tests.factories import NOW, make_actor, make_territory

RIGHTS = text("SELECT territory_id FROM account_right WHERE account_id = :id ORDER BY territory_id")


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A small court."""
    return make_court(session)


def test_an_invitation_opens_one_account_once_for_the_court_that_invites(session: Session, court: SmallCourt) -> None:
    row = invite(
        session, court.clerk, name="Ada  Fictive", email="ada@avocat.invalid", bar="Barreau", now=NOW
    ).invitation
    assert row is not None
    name = read_token(HOUSE.derived(INVITATIONS), token_of_invitation(row, HOUSE))
    assert name == LinkName(row.id, 1)
    assert [one.name for one in invitations_of(session, court.clerk, now=NOW)] == ["Ada Fictive"]
    assert invitations_of(session, court.stranger, now=NOW) == []
    assert invitation_named(session, name, now=NOW, locked=True) is row

    account_id = create(session, NewAccount(row.email, row.name, "Avocat", Role.LAWYER, row.territory_id, "x" * 12))
    accepted(session, row, account_id, now=NOW)

    actor = actor_of_account(session, session.get_one(Account, account_id))
    assert actor is not None
    assert (actor.roles, actor.territories()) == ({Role.LAWYER}, {court.territory_id})
    assert [one.email for one in lawyers_of(session, court.clerk)] == ["ada@avocat.invalid"]
    with pytest.raises(InvitationOver):
        invitation_named(session, name, now=NOW)


def test_a_link_withdrawn_old_or_of_another_version_opens_nothing(session: Session, court: SmallCourt) -> None:
    row = invite(session, court.clerk, name="Ada", email="ada@avocat.invalid", now=NOW).invitation
    assert row is not None
    good = LinkName(row.id, 1)

    for name, at in ((good, NOW + timedelta(days=14)), (LinkName(row.id, 2), NOW), (LinkName(1, 1), NOW)):
        with pytest.raises(InvitationOver):
            invitation_named(session, name, now=at)
    with pytest.raises(NotFound):
        withdraw_invitation(session, court.stranger, row.id, now=NOW)
    withdraw_invitation(session, court.clerk, row.id, now=NOW)
    with pytest.raises(InvitationOver):
        invitation_named(session, good, now=NOW)
    restore_invitation(session, court.clerk, row.id, now=NOW)
    assert invitation_named(session, good, now=NOW).id == row.id


def test_the_number_of_an_invitation_is_read_with_all_its_digits_and_no_more() -> None:
    assert [number_of(str(one)) for one in (1, LAST_ID)] == [1, LAST_ID]
    for typed in (str(LAST_ID + 1), "-1", "", "1 ", "²", "9" * 5000):
        with pytest.raises(NotFound):
            number_of(typed)


def test_a_lawyer_who_has_an_account_is_let_into_one_more_court_and_nobody_else_is(
    session: Session, court: SmallCourt
) -> None:
    elsewhere = make_territory(session)
    lawyer, clerk = make_lawyer(session, court, email="Ada@avocat.invalid"), make_actor(Role.REGISTRY, elsewhere)

    invited = invite(session, clerk, name="Ada", email="ada@avocat.invalid", now=NOW)

    assert (invited.invitation, invited.account_id) == (None, lawyer.account_id)
    rights = session.execute(RIGHTS, {"id": lawyer.account_id}).scalars().all()
    assert rights == sorted([court.territory_id, elsewhere.id])
    session.add(Account(id=uuid4(), login="juge@avocat.invalid", name="Juge fictive"))
    session.flush()
    refused = {"name": {"name": ""}, "email": {"email": "a@b.invalid, c@d.invalid"}, "firm": {"firm": "F" * 121}}
    for field, said in refused.items():
        with pytest.raises(InvalidRequest) as refusal:
            invite(session, clerk, **{"name": "B", "email": "b@avocat.invalid"} | said, now=NOW)
        assert refusal.value.facts["field"] == field  # each beside its field
    with pytest.raises(InvalidRequest, match="other-account"):
        invite(session, clerk, name="B", email="juge@avocat.invalid", now=NOW)
    with pytest.raises(NotFound):
        invite(session, lawyer, name="B", email="b@avocat.invalid", now=NOW)


def test_of_two_courts_that_invited_a_lawyer_the_first_opens_the_account_and_the_second_lets_it_in(
    session: Session, court: SmallCourt
) -> None:
    elsewhere = make_territory(session)
    first = invite(session, court.clerk, name="Ada", email="ada@avocat.invalid", now=NOW).invitation
    second = invite(
        session, make_actor(Role.REGISTRY, elsewhere), name="Ada", email="Ada@avocat.invalid", now=NOW
    ).invitation
    assert first is not None
    assert second is not None
    assert not let_in(session, first, now=NOW)
    account_id = create(session, NewAccount(first.email, first.name, "", Role.LAWYER, first.territory_id, "x" * 12))
    accepted(session, first, account_id, now=NOW)

    assert let_in(session, second, now=NOW)

    assert session.execute(RIGHTS, {"id": account_id}).scalars().all() == sorted([court.territory_id, elsewhere.id])
    with pytest.raises(InvitationOver):
        invitation_named(session, LinkName(second.id, 1), now=NOW)
    third = invite(session, court.clerk, name="B", email="juge@avocat.invalid", now=NOW).invitation
    session.add(Account(id=uuid4(), login="juge@avocat.invalid", name="Juge fictive"))
    session.flush()
    assert third is not None
    with pytest.raises(LoginTaken):
        let_in(session, third, now=NOW)


def test_an_investigator_reads_the_dates_with_room_of_their_territory_and_nothing_else(
    session: Session, court: SmallCourt
) -> None:
    court.hearing(session, in_days=7)
    court.hearing(session, in_days=300)
    here = session.get_one(Site, court.site.id)
    reader = make_actor(Role.INVESTIGATOR, session.get_one(Territory, court.territory_id))

    assert [name for _, name in courts_with_dates(session, reader, now=NOW)] == [here.name]
    found = convocation_dates(session, reader, here.id, now=NOW)
    assert [(one.cases_left, one.minutes_left) for one in found] == [(10, 180)]
    for stranger in (make_actor(Role.INVESTIGATOR, make_territory(session)), court.clerk):
        assert courts_with_dates(session, stranger, now=NOW) == []
        assert convocation_dates(session, stranger, here.id, now=NOW) == []


def test_an_invitation_leaves_by_e_mail_once_says_until_when_and_not_once_it_is_withdrawn(
    session: Session, court: SmallCourt
) -> None:
    row = invite(session, court.clerk, name="Ada", email="ada@avocat.invalid", now=NOW).invitation
    other = invite(session, court.clerk, name="Bea", email="bea@avocat.invalid", now=NOW).invitation
    assert row is not None
    assert other is not None
    withdraw_invitation(session, court.clerk, other.id, now=NOW)
    asked = {"house": HOUSE, "origin": "https://x.invalid", "write": write, "lease": timedelta(minutes=2)}

    assert claim_due(session, now=NOW, provider="smtp", **asked).seen == 0  # it may still be withdrawn
    claimed = claim_due(session, now=NOW + UNDO, provider="smtp", **asked)

    assert [one.recipient for one in claimed.outgoing] == ["ada@avocat.invalid"]
    link, body = f"https://x.invalid/invitation/{token_of_invitation(row, HOUSE)}", claimed.outgoing[0].written.body
    assert body.count(link) == 1
    assert "une seule fois, jusqu’au lun. 16 mars à 10 h" in body
    assert "Ada" not in claimed.outgoing[0].written.subject
    assert settle(session, [MailOutcome(mail=claimed.outgoing[0], state=MailState.SENT, sent_at=NOW + UNDO)]) == 1
    assert claim_due(session, now=NOW + timedelta(days=1), provider="smtp", **asked).seen == 0
    assert {one: said.state for one, said in mailed_of(session, [row.id, other.id]).items()} == {
        row.id: MailState.SENT,
        other.id: MailState.CANCELLED,
    }
    restore_invitation(session, court.clerk, other.id, now=NOW + timedelta(minutes=5))
    late = NOW + timedelta(days=14)
    assert claim_due(session, now=late, provider="smtp", **asked).outgoing == []
    assert mailed_of(session, [other.id])[other.id].state is MailState.OUTDATED
