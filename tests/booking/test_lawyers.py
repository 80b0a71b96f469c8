"""Lawyers take dates, and only theirs: what is open, why nothing is, what a court agreed, who is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from availability.actions import Holder, occupy
from availability.claims import CaseClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound, NotOpen, Refusal
from availability.models import Territory
from availability.rights import Actor, Role
from booking import events, lawyer_looking
from booking.actions import Beneficiary, book, cancel, confirm, hold
from booking.attachment_models import What
from booking.attachments import attach, files_of
from booking.convocation_dates import convocation_dates
from booking.date_holding import summons_due
from booking.errors import AlreadyDecided
from booking.hearing_templates import write_template
from booking.hosting_models import MailKind
from booking.lawyer_away import add_away, away_of, away_on, remove_away
from booking.lawyer_dates import (
    MOST_HELD,
    ChangeOver,
    DatesOpen,
    NoDate,
    add_summons,
    confirm_date,
    dates_to_move_to,
    follow_date,
    forget_parties,
    give_back,
    move_date,
    note_attempt,
    open_summons,
    take_back,
    take_date,
)
from booking.lawyer_hearings import attempt_of, events_of, hearing_of, hearings_past, hearings_to_come
from booking.lawyer_looking import Asked, Looked, courts_for, open_dates
from booking.lawyer_models import Per, Procedure, WhyNone
from booking.lawyer_news import tell_lawyers
from booking.lawyer_registry import release_date, to_release, undo_release
from booking.lawyer_rules import (
    RuleSpec,
    remove_convention,
    remove_rule,
    set_convention,
    set_rule,
    write_convention,
    write_rule,
)
from booking.lawyers import (
    LAWYERS,
    assisted,
    end_case,
    hearings_touched,
    lawyers_of,
    name_lawyer,
    own_date,
    resume_case,
)
from booking.mail_delivery import SCREEN, claim_due
from booking.models import State
from booking.moving import move
from booking.pages.lawyer_words import no_date
from booking.pages.mail_words import write
from booking.pages.take_date_state import asks_again, is_same
from booking.persons import NewPerson, create_person
from booking.session_clashes import seating_of
from booking.session_moving import move_session
from booking.vault import Vault
from portal.live import ANYTHING
from tests.booking.bar import DIVORCE, HOUSE, LATER, SUMMONS, asked_of, make_lawyer, make_rule
from tests.booking.court import SmallCourt, make_court
from tests.booking.test_hearing_templates import session_on, spec_of
from tests.factories import NOW, TODAY, in_days, make_actor, make_territory

MAILS = text("SELECT kind, recipient, state, due_at FROM host_mail WHERE kind LIKE 'lawyer-%' ORDER BY due_at, kind")
PARTIES = "Exemple c/ Fictif"


@dataclass(frozen=True)
class Bar:
    """A court with a hearing in a month and one in two, and two lawyers."""

    court: SmallCourt
    first: int
    second: int
    lawyer: Actor
    other: Actor


@pytest.fixture
def bar(session: Session, monkeypatch: pytest.MonkeyPatch) -> Bar:
    """Who takes dates, and who must not see them; lawyers are told."""
    monkeypatch.setattr(events, "_subscribers", [])
    events.subscribe(follow_date)
    events.subscribe(tell_lawyers)
    court = make_court(session)
    make_rule(session, court)
    return Bar(
        court,
        court.hearing(session, in_days=30, max_cases=2, quotas={"20": 1}),
        court.hearing(session, in_days=60),
        make_lawyer(session, court),
        make_lawyer(session, court, bar="Barreau d’ailleurs", firm="Autre cabinet"),
    )


def _looked(session: Session, bar: Bar, nature: str = DIVORCE, who: Actor | None = None) -> Looked:
    return open_dates(session, who or bar.lawyer, asked_of(bar.court, nature), now=NOW)


def _listed(session: Session, bar: Bar, nature: str = DIVORCE, who: Actor | None = None) -> list[int]:
    return [one.hearing_id for one in _looked(session, bar, nature, who).dates]


def _taken(session: Session, bar: Bar, hearing: int | None = None, who: Actor | None = None) -> UUID:
    lawyer = who or bar.lawyer
    taken = take_date(session, lawyer, asked_of(bar.court), hearing or bar.first, now=NOW)
    return confirm_date(session, lawyer, taken.booking_id, parties=PARTIES, house=HOUSE, now=LATER).booking_id


def _mails(session: Session) -> list[tuple[str, str, str]]:
    return [(row.kind, row.recipient, row.state) for row in session.execute(MAILS)]


def _fill(session: Session, hearing: int, minutes: int, family: str = "51") -> None:
    occupy(session, [CaseClaim(resource_id=hearing, minutes=minutes, family=family)], Holder(id=uuid4(), now=NOW))


def test_dates_with_room_are_listed_the_earliest_first_and_the_one_taken_counts_at_once(
    session: Session, bar: Bar
) -> None:
    assert courts_for(session, bar.lawyer) == [(bar.court.site.id, bar.court.site.name)]
    assert _listed(session, bar) == [bar.first, bar.second]

    taken = take_date(session, bar.lawyer, asked_of(bar.court), bar.first, now=NOW)

    assert _listed(session, bar) == [bar.second]  # the quota of divorces is reached
    assert _listed(session, bar, "22G") == [bar.first, bar.second]  # that of other natures is not
    assert hearings_to_come(session, bar.lawyer, house=HOUSE, now=NOW) == []  # only held
    with pytest.raises(NoDate) as refused:
        take_date(session, bar.other, asked_of(bar.court), bar.first, now=NOW)
    assert refused.value.facts["why"] is WhyNone.FULL
    assert "choisissez-en une autre" in no_date(refused.value)  # there are others
    late = NOW + timedelta(minutes=11)
    assert [one.hearing_id for one in open_dates(session, bar.other, asked_of(bar.court), now=late).dates] == [
        bar.first,
        bar.second,
    ]
    with pytest.raises(InvalidRequest):
        confirm_date(session, bar.lawyer, taken.booking_id, parties=" ", house=HOUSE, now=LATER)
    for _ in range(2):  # twice is once
        confirm_date(session, bar.lawyer, taken.booking_id, parties=PARTIES, house=HOUSE, now=LATER)
    mine = hearing_of(session, bar.lawyer, taken.booking_id, house=HOUSE, now=LATER)
    assert (mine.parties, mine.state, mine.is_taken, mine.case_ref[:6]) == (PARTIES, State.BOOKED, True, "PD-26-")
    assert (mine.summons_due_on, mine.has_summons) == (in_days(15), False)
    assert [forget_parties(session, before=NOW + timedelta(days=after)) for after in (30, 31, 31)] == [0, 1, 0]


def test_a_lawyer_holds_so_many_dates_at_once_and_what_is_confirmed_is_no_longer_held(
    session: Session, bar: Bar
) -> None:
    held = [take_date(session, bar.lawyer, asked_of(bar.court), bar.second, now=NOW) for _ in range(MOST_HELD)]

    with pytest.raises(InvalidRequest):
        take_date(session, bar.lawyer, asked_of(bar.court), bar.second, now=NOW)
    confirm_date(session, bar.lawyer, held[0].booking_id, parties=PARTIES, house=HOUSE, now=NOW)
    take_date(session, bar.lawyer, asked_of(bar.court), bar.second, now=NOW)


def test_a_session_is_full_by_its_cases_by_its_minutes_and_by_the_family_of_a_nature(
    session: Session, bar: Bar
) -> None:
    _fill(session, bar.second, 161)

    assert _listed(session, bar) == [bar.first]
    _fill(session, bar.first, 10)
    assert _listed(session, bar) == [bar.first]
    _fill(session, bar.first, 10)
    assert _looked(session, bar).why is WhyNone.FULL


def test_so_many_dates_are_listed_from_a_day_on_and_all_are_counted(
    session: Session, bar: Bar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lawyer_looking, "MOST_DATES", 1)

    def looked(since: int) -> tuple[list[int], int]:
        found = open_dates(session, bar.lawyer, asked_of(bar.court), now=NOW, since=in_days(since))
        return [one.hearing_id for one in found.dates], found.count

    assert looked(0) == looked(30) == ([bar.first], 2)
    assert looked(31) == looked(60) == ([bar.second], 2)
    assert looked(61) == ([], 2)
    third = bar.court.hearing(session, in_days=90)
    for hearing in (bar.first, bar.second):
        _fill(session, hearing, 180)
    assert looked(0) == ([third], 1)  # what is full is in nobody's way
    assert _looked(session, bar).refused == {WhyNone.FULL: 2}


def test_nothing_configured_everything_full_too_short_and_without_a_date_are_different_answers(
    session: Session, bar: Bar
) -> None:
    def why(procedure: Procedure, nature: str = DIVORCE) -> WhyNone | None:
        return open_dates(session, bar.lawyer, asked_of(bar.court, nature, procedure), now=NOW).why

    assert why(Procedure.SUMMARY) is WhyNone.NOT_CONFIGURED
    assert why(Procedure.MERITS, "51") is WhyNone.NOT_CONFIGURED  # the rule is for families
    make_rule(session, bar.court, procedure=Procedure.SUMMARY, with_date=False)
    assert why(Procedure.SUMMARY) is WhyNone.WITHOUT_DATE
    make_rule(session, bar.court, procedure=Procedure.FAST, min_delay_days=61)
    assert why(Procedure.FAST) is WhyNone.TOO_SHORT
    make_rule(session, bar.court, procedure=Procedure.FAST, family=DIVORCE, min_delay_days=60)  # the longer family
    assert why(Procedure.FAST) is None
    _fill(session, bar.second, 180)
    assert why(Procedure.FAST) is WhyNone.FULL
    session.execute(text("UPDATE hearing_session SET last_take_on = :day"), {"day": TODAY - timedelta(days=1)})
    assert why(Procedure.MERITS) is WhyNone.TOO_SHORT  # the first one has room
    for most, reason in ((19, WhyNone.FULL), (180, WhyNone.TOO_SHORT)):  # nothing has room, however near
        session.execute(text("UPDATE hearing_session SET max_minutes = :most"), {"most": most})
        assert why(Procedure.MERITS) is reason
    session.execute(text("UPDATE hearing_session SET last_take_on = :day"), {"day": TODAY})
    assert why(Procedure.MERITS) is None
    with pytest.raises(InvalidRequest):
        why(Procedure.MERITS, "99Z")


def test_an_attempt_that_gives_nothing_leaves_a_dated_proof_that_is_its_lawyers_only(
    session: Session, bar: Bar
) -> None:
    with pytest.raises(DatesOpen):
        note_attempt(session, bar.lawyer, asked_of(bar.court), now=NOW)
    for hearing in (bar.first, bar.second):
        _fill(session, hearing, 180)

    attempt = note_attempt(session, bar.lawyer, asked_of(bar.court), now=NOW)

    assert (attempt.why, attempt.sessions, attempt.full, attempt.at, attempt.last_on) == (
        WhyNone.FULL,
        2,
        2,
        NOW,
        in_days(60),
    )
    assert attempt_of(session, bar.lawyer, attempt.id).court == bar.court.site.name
    with pytest.raises(NotFound):
        attempt_of(session, bar.other, attempt.id)


def test_what_is_a_lawyers_is_neither_read_nor_counted_nor_touched_by_another(
    session: Session, bar: Bar, tmp_path: Path
) -> None:
    booking_id, vault = _taken(session, bar), Vault(tmp_path)
    name_lawyer(session, bar.court.clerk, bar.lawyer.account_id, case_ref="RG 26/00007", now=NOW)
    mine = add_summons(session, bar.lawyer, booking_id, SUMMONS, house=HOUSE, vault=vault, now=LATER)
    of_court = replace(SUMMONS, what=What.OTHER)
    theirs = attach(session, bar.court.clerk, booking_id, of_court, house=HOUSE, vault=vault, now=LATER)
    reading = partial(open_summons, booking_id=booking_id, house=HOUSE, vault=vault, now=LATER)
    assert b"".join(reading(session, bar.lawyer, file_id=mine.id)[1]) == SUMMONS.data
    with pytest.raises(NotFound):
        reading(session, bar.lawyer, file_id=theirs.id)
    away = add_away(session, bar.lawyer, in_days(1), in_days(2), today=TODAY, now=NOW)
    stranger = make_lawyer(session, replace(bar.court, territory_id=make_territory(session).id))

    for who in (bar.other, stranger):
        assert hearings_to_come(session, who, house=HOUSE, now=LATER) == []
        assert hearings_past(session, who, house=HOUSE, now=LATER) == []
        assert events_of(session, who, now=LATER) == []
        assert away_of(session, who, today=TODAY) == []
        acts = (
            partial(hearing_of, booking_id=booking_id, house=HOUSE),
            partial(confirm_date, booking_id=booking_id, parties="x", house=HOUSE),
            partial(move_date, booking_id=booking_id, to_id=bar.second),
            partial(dates_to_move_to, booking_id=booking_id),
            partial(give_back, booking_id=booking_id),
            partial(take_back, booking_id=booking_id),
            partial(open_summons, booking_id=booking_id, file_id=mine.id, house=HOUSE, vault=vault),
            partial(add_summons, booking_id=booking_id, sent=SUMMONS, house=HOUSE, vault=vault),
            partial(remove_away, away_id=away.id),
            partial(release_date, booking_id=booking_id),
            partial(undo_release, booking_id=booking_id),
        )
        for unknown in (act.func for act in acts[:6]):
            with pytest.raises(NotFound):  # the same answer as for what does not exist
                unknown(
                    session,
                    who,
                    uuid4(),
                    now=LATER,
                    **{"house": HOUSE} if unknown is hearing_of else {},
                    **{"parties": "x", "house": HOUSE} if unknown is confirm_date else {},
                    **{"to_id": bar.second} if unknown is move_date else {},
                )
        for act in acts:
            with pytest.raises(NotFound):
                act(session, who, now=LATER)
    with pytest.raises(NotFound):
        open_dates(session, stranger, asked_of(bar.court), now=NOW)


def test_the_role_of_a_lawyer_gives_nothing_by_the_ordinary_acts(session: Session, bar: Bar) -> None:
    booking_id = _taken(session, bar)
    claim = CaseClaim(resource_id=bar.second, minutes=10, family=DIVORCE)
    acts = (
        partial(cancel, booking_id=booking_id),
        partial(confirm, booking_id=booking_id),
        partial(move, booking_id=booking_id, claim=claim),
        partial(files_of, booking_id=booking_id, house=HOUSE),
        partial(hold, claim=claim),
        partial(book, claim=claim, beneficiary=Beneficiary(case_ref="RG")),
        partial(set_rule, spec=RuleSpec(site_id=bar.court.site.id, kind_id=1, procedure=Procedure.MERITS)),
        partial(name_lawyer, account_id=bar.lawyer.account_id, case_ref="RG"),
    )
    for act in acts:
        with pytest.raises((NotFound, NotAllowed)):
            act(session, bar.lawyer, now=LATER)
    assert to_release(session, bar.lawyer, now=LATER) == []
    assert lawyers_of(session, bar.lawyer) == []


def test_a_date_moves_and_is_given_back_by_the_rules_of_the_court(session: Session, bar: Bar) -> None:
    make_rule(session, bar.court, family="20", change_before_days=10)
    booking_id = _taken(session, bar)
    assert [one.hearing_id for one in dates_to_move_to(session, bar.lawyer, booking_id, now=NOW)] == [bar.second]

    moved = move_date(session, bar.lawyer, booking_id, bar.second, now=LATER)

    assert (moved.summons_due_on, moved.change_until) == (in_days(45), in_days(50))
    assert _listed(session, bar, who=bar.other) == [bar.first, bar.second]
    assert hearing_of(session, bar.lawyer, booking_id, house=HOUSE, now=NOW).may_change(in_days(50))
    late = NOW + timedelta(days=51)
    for act in (partial(move_date, to_id=bar.first), give_back):
        with pytest.raises(ChangeOver):
            act(session, bar.lawyer, booking_id, now=late)
    give_back(session, bar.lawyer, booking_id, now=LATER)
    take_back(session, bar.lawyer, booking_id, now=LATER)
    assert hearing_of(session, bar.lawyer, booking_id, house=HOUSE, now=NOW).state is State.BOOKED
    give_back(session, bar.lawyer, booking_id, now=LATER)
    for _ in range(9):
        _fill(session, bar.second, 18)
    _fill(session, bar.second, 18)
    with pytest.raises(NoDate):
        take_back(session, bar.lawyer, booking_id, now=LATER)


def test_a_date_that_the_court_moves_is_given_again_with_its_summons_and_until_when_it_changes(
    session: Session, bar: Bar
) -> None:
    make_rule(session, bar.court, family="20", change_before_days=10)
    booking_id, clerk = _taken(session, bar), bar.court.clerk
    claim = CaseClaim(resource_id=bar.second, minutes=20, family=DIVORCE)

    def due() -> tuple[date, date, date]:
        own = own_date(session, bar.lawyer, booking_id)
        return own.given_on, own.summons_due_on, own.change_until

    move(session, clerk, booking_id, claim, now=NOW + timedelta(days=20))
    assert due() == (in_days(20), in_days(45), in_days(50))
    there = seating_of(session, bar.second)
    move_session(session, clerk, bar.second, replace(there, starts=time(15)), now=NOW + timedelta(days=40))
    assert due() == (in_days(20), in_days(45), in_days(50)), "another hour of the same day"
    sooner = replace(there, day=in_days(50))
    move_session(session, clerk, bar.second, sooner, now=NOW + timedelta(days=40))
    assert due() == (in_days(40), in_days(49), in_days(40)), "told ten days before"


def test_the_room_of_a_session_that_its_template_keeps_is_the_one_to_which_it_was_moved(
    session: Session, bar: Bar
) -> None:
    court = bar.court
    spec = spec_of(court, room_id=court.rooms[0], horizon_days=7)
    write_template(session, court.clerk, spec, from_on=in_days(1), now=NOW)
    hearing = session_on(session, in_days(1))
    booking_id = _taken(session, bar, hearing)
    there = seating_of(session, hearing)
    move_session(session, court.clerk, hearing, replace(there, held_ids=(court.rooms[1],)), now=NOW)

    investigator = make_actor(Role.INVESTIGATOR, session.get_one(Territory, court.territory_id))
    rooms = [
        _looked(session, bar).dates[0].room,
        hearing_of(session, bar.lawyer, booking_id, house=HOUSE, now=NOW).room,
        convocation_dates(session, investigator, court.site.id, now=NOW)[0].room,
    ]

    assert rooms == ["Salle 2"] * 3


def test_what_the_court_ended_or_began_is_not_taken_back_or_given_back_by_its_lawyer(
    session: Session, bar: Bar
) -> None:
    booking_id, clerk = _taken(session, bar), bar.court.clerk
    begun = NOW + timedelta(days=30, minutes=1)
    with pytest.raises(InvalidRequest, match="past"):
        give_back(session, bar.lawyer, booking_id, now=begun)
    give_back(session, bar.lawyer, booking_id, now=LATER)
    with pytest.raises(AlreadyDecided):  # it was given back: nobody released it
        undo_release(session, clerk, booking_id, now=LATER)
    take_back(session, bar.lawyer, booking_id, now=LATER)

    cancel(session, clerk, booking_id, now=LATER)

    with pytest.raises(AlreadyDecided):
        take_back(session, bar.lawyer, booking_id, now=LATER)


def test_what_was_just_given_back_or_moved_is_back_though_its_last_day_for_taking_a_date_is_over(
    session: Session, bar: Bar
) -> None:
    booking_id, clerk, later = _taken(session, bar), bar.court.clerk, NOW + timedelta(days=20)
    session.execute(text("UPDATE hearing_session SET last_take_on = :day"), {"day": in_days(15)})
    session.execute(text("UPDATE lawyer_rule SET min_delay_days = 15"))

    give_back(session, bar.lawyer, booking_id, now=later)
    take_back(session, bar.lawyer, booking_id, now=later)

    session.execute(text("UPDATE hearing_session SET last_take_on = NULL WHERE resource_id = :id"), {"id": bar.second})
    claim = partial(CaseClaim, minutes=20, family=DIVORCE)
    move(session, clerk, booking_id, claim(resource_id=bar.second), now=later)
    with pytest.raises(NotOpen), session.begin_nested():
        move(session, clerk, booking_id, claim(resource_id=bar.first), now=later + timedelta(minutes=11))
    move(session, clerk, booking_id, claim(resource_id=bar.first), now=later + timedelta(minutes=9))
    assert hearing_of(session, bar.lawyer, booking_id, house=HOUSE, now=later).starts_at == NOW + timedelta(days=30)


def test_a_lawyer_named_again_meanwhile_assists_once_when_their_end_is_taken_back(session: Session, bar: Bar) -> None:
    clerk, who = bar.court.clerk, bar.lawyer.account_id
    first = name_lawyer(session, clerk, who, case_ref="RG 26/00007", now=NOW)
    end_case(session, clerk, first.id, now=NOW)
    name_lawyer(session, clerk, who, case_ref="RG 26/00007", now=LATER)

    resume_case(session, clerk, first.id, now=LATER)

    assert [one.case_ref for one in assisted(session, clerk)] == ["RG 26/00007"]


def test_a_date_that_is_held_is_kept_by_the_address_that_asked_for_it_and_by_no_other() -> None:
    asked = Asked(site_id=12, procedure=Procedure.MERITS, nature=DIVORCE)

    assert all(asks_again(asked, *said) for said in (("", "", ""), ("12", "merits", DIVORCE)))
    others = (("2", "merits", DIVORCE), ("12", "summary", DIVORCE), ("12", "merits", "2"), ("12", "merits", ""))
    assert not any(asks_again(asked, *said) for said in others)
    assert is_same(asked, "12", "merits", DIVORCE)  # what was taken stays said there, and not at that of the menu
    assert not any(is_same(asked, *said) for said in (("", "", ""), *others))


@given(given_on=st.dates(date(2026, 1, 1), date(2028, 1, 1)), ahead=st.integers(0, 400))
def test_a_summons_is_due_fifteen_days_before_a_date_given_earlier_than_that(given_on: date, ahead: int) -> None:
    day = given_on + timedelta(days=ahead)

    due = summons_due(given_on, day)

    assert (day - due).days == (15 if ahead > 15 else min(ahead, 1))
    assert due >= given_on, "nothing is late as it is taken"


def test_a_date_without_its_summons_is_released_by_a_person_and_the_lawyer_is_told(
    session: Session, bar: Bar, tmp_path: Path
) -> None:
    bare, filed = _taken(session, bar), _taken(session, bar, bar.second, bar.other)
    add_summons(session, bar.other, filed, SUMMONS, house=HOUSE, vault=Vault(tmp_path), now=LATER)
    on_the_day, after = NOW + timedelta(days=15), NOW + timedelta(days=46)
    session.execute(text("UPDATE host_mail SET state = 'sent', sent_at = due_at WHERE kind = 'lawyer-set'"))

    assert to_release(session, bar.court.clerk, now=on_the_day) == []
    with pytest.raises(InvalidRequest):
        release_date(session, bar.court.clerk, bare, now=on_the_day)
    later = NOW + timedelta(days=16)
    assert [one.booking_id for one in to_release(session, bar.court.clerk, now=later)] == [bare]
    assert to_release(session, bar.court.stranger, now=later) == []
    with pytest.raises(NotFound):
        release_date(session, bar.court.stranger, bare, now=later)
    release_date(session, bar.court.clerk, bare, now=later)

    told = [
        kind
        for kind, who, state in _mails(session)
        if who.startswith(str(bar.lawyer.account_id)) and state == "planned"
    ]
    assert told == [MailKind.LAWYER_RELEASED]
    assert hearing_of(session, bar.lawyer, bare, house=HOUSE, now=later).released_at == later
    with pytest.raises(AlreadyDecided):
        take_back(session, bar.lawyer, bare, now=later)
    undo_release(session, bar.court.clerk, bare, now=later)
    assert [one.booking_id for one in to_release(session, bar.court.clerk, now=later)] == [bare]
    assert to_release(session, bar.court.clerk, now=after) == []  # the other has its summons, this one is over


def test_a_convention_counts_a_lawyer_a_firm_or_a_bar_by_session_or_by_month(session: Session, bar: Bar) -> None:
    colleague = make_lawyer(session, bar.court)  # of the same bar and firm
    clerk, site = bar.court.clerk, bar.court.site.id
    agreed = set_convention(session, clerk, site, per=Per.SESSION, most=1, firm="cabinet EXEMPLE", now=NOW)
    _taken(session, bar, bar.second)

    assert _listed(session, bar, who=colleague) == [bar.first]
    assert _listed(session, bar, who=bar.other) == [bar.first, bar.second]
    with pytest.raises(NoDate) as refused:
        take_date(session, colleague, asked_of(bar.court), bar.second, now=NOW)
    assert refused.value.facts["why"] is WhyNone.CONVENTION
    remove_convention(session, clerk, agreed.id, now=NOW)
    assert _listed(session, bar, who=colleague) == [bar.first, bar.second]
    in_month = bar.court.hearing(session, in_days=61)
    set_convention(session, clerk, site, per=Per.MONTH, most=1, bar="Barreau de Fiction", now=NOW)
    assert _listed(session, bar, who=colleague) == [bar.first]
    assert in_month in _listed(session, bar, who=bar.other)
    set_convention(session, clerk, site, per=Per.MONTH, most=0, account_id=bar.other.account_id, now=NOW)
    assert _looked(session, bar, who=bar.other).why is WhyNone.CONVENTION
    _fill(session, bar.first, 180)
    closed = _looked(session, bar, who=bar.other)
    assert (closed.why, closed.refused[WhyNone.FULL]) == (WhyNone.CONVENTION, 1)  # others have room, for others
    theirs = {"site_id": site, "per": Per.MONTH, "account_id": bar.other.account_id}
    undo = write_convention(session, clerk, theirs, 9, now=NOW)
    assert _looked(session, bar, who=bar.other).why is None
    undo(session, clerk, now=NOW)
    assert _looked(session, bar, who=bar.other).why is WhyNone.CONVENTION
    with pytest.raises(NotFound):
        set_convention(session, bar.court.stranger, site, per=Per.MONTH, most=9, firm="x", now=NOW)


def test_a_rule_is_written_once_for_what_it_is_about_and_taken_away(session: Session, bar: Bar) -> None:
    court = bar.court
    spec = RuleSpec(site_id=court.site.id, kind_id=court.kind.id, procedure=Procedure.FAST, family="20", minutes=30)
    first = set_rule(session, court.clerk, spec, now=NOW)

    again = set_rule(session, court.clerk, RuleSpec(**{**vars(spec), "minutes": 40}), now=NOW)

    assert (again.id, again.minutes) == (first.id, 40)
    undo = write_rule(session, court.clerk, spec, now=NOW)
    assert undo(session, court.clerk, now=NOW).minutes == 40  # as the one that it was written over
    other = write_rule(session, court.clerk, RuleSpec(**{**vars(spec), "family": "22"}), now=NOW)
    assert other(session, court.clerk, now=NOW).family == "22"  # taken away: it was new
    assert remove_rule(session, court.clerk, first.id, now=NOW).minutes == 40
    wrong: list[tuple[Actor, dict[str, object], type[Refusal]]] = [
        (court.stranger, {}, NotFound),
        (court.clerk, {"family": "99Z"}, InvalidRequest),
        (court.clerk, {"line_id": 12345}, InvalidRequest),
    ]
    for who, said, refusal in wrong:
        with pytest.raises(refusal):
            set_rule(session, who, RuleSpec(**{**vars(spec), **said}), now=NOW)


def test_the_lawyers_of_a_case_are_told_what_its_people_are_and_nobody_else(session: Session, bar: Bar) -> None:
    named = name_lawyer(session, bar.court.clerk, bar.lawyer.account_id, case_ref="RG 26/00007", now=NOW)
    address = f"{bar.lawyer.account_id}@avocat.invalid"

    claim = partial(CaseClaim, minutes=10, family="22G")
    fixed = book(
        session,
        bar.court.clerk,
        claim(resource_id=bar.first),
        now=NOW,
        beneficiary=Beneficiary(case_ref="RG 26/00007"),
    )
    book(session, bar.court.clerk, claim(resource_id=bar.second), now=NOW, beneficiary=Beneficiary(case_ref="RG 2"))

    assert _mails(session) == [("lawyer-set", address, "planned"), ("lawyer-reminder", address, "planned")]
    assert session.execute(MAILS).first().due_at - NOW == timedelta(seconds=30)  # type: ignore[union-attr]
    assert [one.case_ref for one in hearings_to_come(session, bar.lawyer, house=HOUSE, now=NOW)] == ["RG 26/00007"]
    claimed = {"house": HOUSE, "origin": "https://exemple.invalid", "write": write, "provider": SCREEN}
    claim_due(session, now=LATER, lease=timedelta(minutes=1), **claimed)
    sent = session.execute(text("SELECT subject, recipient FROM host_mail WHERE state = 'sent'")).one()
    assert (sent.recipient, sent.subject[:29]) == (address, "Audience fixée le mer. 1er av")
    move(session, bar.court.clerk, fixed.id, claim(resource_id=bar.second), now=LATER)
    assert [kind for kind, _, state in _mails(session) if state == "planned"] == ["lawyer-moved", "lawyer-reminder"]
    cancel(session, bar.court.clerk, fixed.id, now=LATER)
    assert [kind for kind, _, state in _mails(session) if state == "planned"] == ["lawyer-over"]
    assert [one.status for one in events_of(session, bar.lawyer, now=LATER)] == ["CANCELLED"]
    end_case(session, bar.court.clerk, named.id, now=LATER)
    assert hearings_to_come(session, bar.lawyer, house=HOUSE, now=NOW) == []


def test_whoever_assists_somebody_reads_their_hearings_before_that_court_and_no_longer_once_it_is_over(
    session: Session, bar: Bar
) -> None:
    clerk = bar.court.clerk
    new = NewPerson(family_name="Fictive", given_name="Ada", birth_on=date(1990, 1, 1), sex="F")
    person = create_person(session, clerk, new, house=HOUSE, now=NOW, fiction=True)
    claim = CaseClaim(resource_id=bar.first, minutes=10, family="22G")
    booked = book(session, clerk, claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))

    named = name_lawyer(session, clerk, bar.lawyer.account_id, person_id=person.id, now=NOW)

    (mine,) = hearings_to_come(session, bar.lawyer, house=HOUSE, now=NOW)
    assert (mine.booking_id, mine.is_taken, mine.client) == (booked.id, False, "Ada FICTIVE")
    assert hearings_past(session, bar.lawyer, house=HOUSE, now=NOW + timedelta(days=31)) == [mine]
    with pytest.raises(NotFound):  # read, not changed
        give_back(session, bar.lawyer, booked.id, now=NOW)
    end_case(session, clerk, named.id, now=NOW)
    assert hearings_to_come(session, bar.lawyer, house=HOUSE, now=NOW) == []


def test_pages_of_lawyers_are_read_again_for_hearings_of_their_courts_alone(session: Session, bar: Bar) -> None:
    touched = partial(hearings_touched, session, bar.lawyer, LAWYERS)
    stranger = make_lawyer(session, replace(bar.court, territory_id=make_territory(session).id))

    assert [touched(ids) for ids in ({bar.first}, {bar.court.rooms[0], bar.second}, ANYTHING)] == [True] * 3
    assert [touched(ids) for ids in ({bar.court.rooms[0]}, {10**9})] == [False] * 2
    assert not hearings_touched(session, stranger, LAWYERS, {bar.first})


def test_a_lawyers_absence_is_said_once_and_counts_wherever_a_date_is_looked_for(session: Session, bar: Bar) -> None:
    booking_id = _taken(session, bar, bar.second)
    away = add_away(session, bar.lawyer, in_days(29), in_days(30), today=TODAY, now=NOW)

    assert [one.is_away for one in _looked(session, bar, "22G").dates] == [True, False]
    assert [one.is_away for one in _looked(session, bar, "22G", bar.other).dates] == [False, False]
    assert add_away(session, bar.lawyer, in_days(29), in_days(30), today=TODAY, now=LATER) is away  # twice is once
    assert away_on(session, booking_id, [bar.first, bar.second]) == {bar.first: bar.lawyer.name}
    assert remove_away(session, bar.lawyer, away.id, now=NOW) == (in_days(29), in_days(30))
    assert away_on(session, booking_id, [bar.first]) == {}
    for first, last in ((3, 2), (-3, -2), (0, 400)):
        with pytest.raises(InvalidRequest):
            add_away(session, bar.lawyer, in_days(first), in_days(last), today=TODAY, now=NOW)
