"""The demonstration: a whole country, the same for the same seed, in which everything agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import perf_counter

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from availability.attributes import said, schema
from availability.claims import NightsClaim
from availability.models import Kind, Organisation, Shape
from availability.own import own_page
from availability.places import department_of, time_of_commune
from availability.rights import Actor, Role
from availability.sealing import House, unseal
from availability.search import Found, Wish, Work, search
from booking.actions import Beneficiary, confirm, hold, refuse
from booking.bench import loads_of, to_staff
from booking.court_calendar import year_of
from booking.day import day
from booking.doubles import next_pairs
from booking.fitting_queries import OPEN, fitting_requests, offers_for
from booking.fittings import Stop, is_reachable
from booking.hearing_day_models import Screen, Stage
from booking.hours import hours_of, receivers
from booking.links import LinkName
from booking.measure_words import MeasureWords
from booking.mediators import candidates, designable_kinds
from booking.models import OCCUPYING, Booking, Person, State
from booking.person_phones import phone_for_messages
from booking.phones import FICTION_PREFIX
from booking.plans.hearings import plannable_kinds, problem_of
from booking.plans.kept import Scope
from booking.rounds import round_of, teams_on
from booking.screens import shown_on
from booking.sealing import key_of
from booking.waiting_models import WaitingOffer
from convocations.callbacks import to_call_back, whom_to_call_back
from convocations.queries import gatherings
from convocations.to_call import count_to_call, to_call
from optimizer.hearings.check import check
from optimizer.hearings.problem import Lock
from optimizer.hearings.problem import Role as SittingRole
from optimizer.hearings.solve import solve
from optimizer.manners import Manner
from portal import demo
from portal.database import make_engine
from portal.demo.accounts import GUESTS, LAW_GUESTS
from portal.demo.stays import STARTS_IN
from portal.demo.territories import JudicialMap
from portal.identity import Account
from portal.sign_in import actor_of_account
from tests import postgres

NOW = datetime(2026, 11, 23, 9, 40, tzinfo=UTC)
TODAY = date(2026, 11, 23)
# The night when clocks jump, a Sunday, just after midnight in Paris.
CLOCK_CHANGE = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
HOUSE = House(b"a secret of the tests, long enough")
LYON = (45.764, 4.8357)
OCCUPIED = {"occupying": sorted(state.value for state in OCCUPYING)}

# What each booking must have, and what is there: any line is a disagreement.
EXPECTED = """
    SELECT b.id, 'nights' AS shape, b.unit_id AS thing, CAST(night AS text) AS at, b.expires_at, 1 AS seat
    FROM booking b JOIN kind k ON k.id = b.kind_id AND k.shape = 'nights',
         LATERAL (SELECT CAST(d AS date) AS night FROM generate_series(b.first_on, b.until_on - 1, '1 day') d) nights
    WHERE b.state = ANY(:occupying)
    UNION ALL
    SELECT b.id, 'places', b.resource_id, CAST(daterange(b.first_on, b.until_on) AS text), b.expires_at, 1
    FROM booking b JOIN kind k ON k.id = b.kind_id AND k.shape = 'places' WHERE b.state = ANY(:occupying)
    UNION ALL
    SELECT b.id, 'slots', b.resource_id, CAST(tstzrange(b.starts_at, b.ends_at) AS text), b.expires_at,
           (SELECT CAST(h.facts ->> 'seat' AS int) FROM history h
            WHERE h.subject = 'booking' AND h.subject_id = b.id::text ORDER BY h.id LIMIT 1)
    FROM booking b JOIN kind k ON k.id = b.kind_id AND k.shape = 'slots' WHERE b.state = ANY(:occupying)
    UNION ALL
    SELECT b.id, 'sessions', b.resource_id, b.family || b.minutes, b.expires_at, 1
    FROM booking b JOIN kind k ON k.id = b.kind_id AND k.shape = 'sessions' WHERE b.state = ANY(:occupying)
    UNION ALL  -- what other dates add to those of their request
    SELECT p.id, 'places', b.resource_id, CAST(daterange(b.until_on, p.until_on) AS text), b.expires_at, 1
    FROM host_proposal p JOIN booking b ON b.id = p.booking_id WHERE p.state = 'open'
    UNION ALL  -- who holds a hearing, and where
    SELECT f.id, 'slots', held.id, CAST(tstzrange(h.starts_at, h.ends_at) AS text), NULL, 1
    FROM hearing_staffing f JOIN hearing_session h ON h.resource_id = f.hearing_id,
         LATERAL unnest(ARRAY[f.judge_id, f.clerk_id, f.room_id]) held(id)
    UNION ALL  -- what a template keeps for its sessions
    SELECT o.holder_id, 'slots', held.id, CAST(tstzrange(h.starts_at, h.ends_at) AS text), NULL, 1
    FROM template_session o JOIN hearing_session h ON h.resource_id = o.resource_id,
         LATERAL unnest(o.held_ids) held(id)
    UNION ALL  -- hours kept together
    SELECT m.id, 'slots', held.id, CAST(tstzrange(m.starts_at, m.ends_at) AS text), NULL, 1
    FROM meeting m, LATERAL unnest(m.people_ids || m.video_ids || m.room_id) held(id)"""
# Who receives nobody then: who sits, or meets.
NOT_RECEIVING = (
    "(SELECT id FROM hearing_staffing UNION SELECT holder_id FROM template_session UNION SELECT id FROM meeting)"
)
WRITTEN = """
    SELECT holder_id AS id, 'nights' AS shape, unit_id AS thing, CAST(night AS text) AS at, expires_at, 1 AS seat
    FROM bed_night
    UNION ALL SELECT holder_id, 'places', resource_id, CAST(days AS text), expires_at, 1 FROM place_period
    UNION ALL SELECT holder_id, 'slots', resource_id, CAST(during AS text), expires_at, seat FROM seat_time
    UNION ALL SELECT holder_id, 'sessions', resource_id, family || minutes, expires_at, 1 FROM session_case"""
DISAGREEMENTS = f"""
    (SELECT 'no row' AS why, * FROM (({EXPECTED}) EXCEPT ALL ({WRITTEN})) missing)
    UNION ALL (SELECT 'no booking', * FROM (({WRITTEN}) EXCEPT ALL ({EXPECTED})) spare)"""  # noqa: S608 - constants

# Everything but what is sealed, whose keys are random on purpose.
PERSON = "id, territory_id, family_name, given_name, birth_on, sex, language, file_number, created_at"
WITHOUT_NUMBER = "to_jsonb(t) - 'id'"
TABLES = {
    "territory": "t", "organisation": "t", "kind": "t", "kind_right": "t", "site": "t", "resource": "t", "unit": "t",
    "closure": "t", "opening_rule": "t", "opening": "t", "hearing_session": "t", "account": "t", "account_right": "t",
    "booking": "t", "bed_night": "t", "seat_time": "resource_id, seat, during, holder_id", "person": PERSON,
    "person_phone": "to_jsonb(t) - 'number_sealed'", "person_following": "t",
    "waiting_case": "t", "host_request": "t", "host_mail": "to_jsonb(t) - 'body_sealed'", "host_proposal": "t",
    "host_phone": "to_jsonb(t) - 'number_sealed'", "meeting": "t", "absence": "resource_id, during",
    "hearing_staffing": "t", "case_to_designate": "t", "waiting_entry": "t", "waiting_offer": "t", "waiting_skip": "t",
    "fitting_rule": "t", "fitting_visit": "t", "fitting_request": "to_jsonb(t) - 'address_sealed'",
    # Their numbers come from sequences, which go on after the transaction of another test was rolled back.
    "history": WITHOUT_NUMBER, "place_period": WITHOUT_NUMBER, "session_case": WITHOUT_NUMBER,
}  # fmt: skip


@pytest.fixture(scope="module")
def country_engine(postgres_url: str, template: str) -> Iterator[Engine]:
    """An engine on a database of this module, in which the demonstration is committed."""
    with postgres.clone(postgres_url, template) as url:
        engine = make_engine(url, pool_size=5)
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def loaded(country_engine: Engine, request: pytest.FixtureRequest) -> demo.DemoSummary:
    """What the load said of itself, once committed."""
    began = perf_counter()
    with Session(country_engine) as session, session.begin():
        summary = demo.load(session, seed=1, now=NOW, house=HOUSE)
    print(f"\ndemonstration loaded and committed in {perf_counter() - began:.1f} s")  # noqa: T201
    return summary


@pytest.fixture
def country(country_engine: Engine, loaded: demo.DemoSummary) -> Iterator[Session]:
    """A session on the country, rolled back at the end of the test."""
    with country_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        transaction.rollback()


def guest(session: Session, login: str) -> Actor:
    """Return one of the people of the sign-in page."""
    account = session.exec(select(Account).where(Account.login == login)).one()
    actor = actor_of_account(session, account)
    assert actor is not None
    return actor


def around_lyon(session: Session, actor: Actor, kind: str, *, days: int = 3, work: Work | None = None) -> list[Found]:
    """Return what the guest finds within 50 km of Lyon, from tomorrow."""
    found = session.exec(select(Kind).where(Kind.code == kind)).one()
    first = TODAY + timedelta(days=1)
    wish = Wish(
        kind=found,
        first=first,
        until=first + timedelta(days=days),
        near=LYON,
        radius_km=50,
        work=work,
        beyond=found.crosses_territories,
    )
    return search(session, actor, wish, now=NOW)


def checksums(session: Session) -> dict[str, str]:
    """Return a digest of the rows of each table."""
    return {
        table: session.execute(
            text(f"SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM"  # noqa: S608 - constants
                 f" (SELECT CAST(ROW({columns}) AS text) AS line FROM {table} t) lines")
        ).scalar_one()
        for table, columns in TABLES.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def written(country_engine: Engine, loaded: demo.DemoSummary) -> dict[str, str]:
    """A digest of each table of the country."""
    assert loaded
    with Session(country_engine) as session:
        return checksums(session)


def count(session: Session, statement: str) -> int:
    return int(session.execute(text(f"SELECT count(*) FROM {statement}"), OCCUPIED).scalar_one())  # noqa: S608


def test_the_summary_counts_what_is_there(country: Session, loaded: demo.DemoSummary) -> None:
    there = {
        "territories": "territory",
        "sites": "site",
        "resources": "resource",
        "beds": "unit",
        "openings": "opening",
        "hearings": "hearing_session",
        "people": "person",
        "bookings": "booking",
        "history": "history",
        "accounts": "account",
    }
    for field, table in there.items():
        assert getattr(loaded, field) == count(country, table), field

    assert loaded.in_french().startswith("Pays fictif : 206 ressorts, ")


def test_it_is_the_size_of_a_country(country: Session, loaded: demo.DemoSummary) -> None:
    assert 1_040 <= loaded.beds <= 1_110
    assert count(country, "resource r JOIN kind k ON k.id = r.kind_id AND k.code = 'tig'") >= 3_000
    assert count(country, "site WHERE code LIKE 'tig-%'") >= 1_500
    assert count(country, "site WHERE code LIKE 'mediation-%'") == 270
    assert count(country, "resource r JOIN kind k ON k.id = r.kind_id AND k.code = 'bracelet'") >= 100
    assert count(country, "territory WHERE level = 'court_of_appeal'") == 37  # 36, and that of Saint-Pierre
    assert count(country, "territory WHERE level = 'judicial_court'") == 168


def test_the_same_seed_gives_the_same_country(
    written: dict[str, str], session: Session, loaded: demo.DemoSummary
) -> None:
    again = demo.load(session, seed=1, now=NOW, house=HOUSE)

    assert again == loaded
    assert checksums(session) == written


def test_another_seed_at_another_time_gives_another_country_that_agrees_too(
    written: dict[str, str], session: Session
) -> None:
    demo.load(session, seed=2, now=CLOCK_CHANGE, house=HOUSE)

    assert session.execute(text(DISAGREEMENTS), OCCUPIED).all() == []
    assert count(session, f"seat_time s WHERE s.holder_id NOT IN {NOT_RECEIVING}"
                          " AND NOT EXISTS (SELECT FROM opening o WHERE o.resource_id = s.resource_id"
                          " AND tstzrange(o.starts_at, o.ends_at) @> s.during)") == 0  # fmt: skip
    different = checksums(session)
    assert {table for table in TABLES if different[table] == written[table]} == {
        "territory",
        "kind",
        "kind_right",
        "unit",
        "fitting_rule",
    }


def test_a_database_that_is_not_empty_is_refused_and_left_alone(session: Session) -> None:
    session.add(Organisation(code="real", name="Une vraie association"))
    session.flush()

    with pytest.raises(demo.NotEmpty) as refused:
        demo.load(session, seed=1, now=NOW, house=HOUSE)

    assert refused.value.facts == {"table": "organisation"}
    assert count(session, "territory") == 0


def test_every_booking_has_its_occupancy_and_nothing_else_does(country: Session) -> None:
    assert country.execute(text(DISAGREEMENTS), OCCUPIED).all() == []
    for table in ("bed_night", "place_period", "seat_time", "session_case"):
        assert count(country, table) > 400, table


def test_a_row_without_its_booking_would_be_seen(country: Session) -> None:
    country.execute(text("DELETE FROM bed_night WHERE ctid = (SELECT ctid FROM bed_night LIMIT 1)"))
    country.execute(text("UPDATE session_case SET minutes = minutes + 1 WHERE id = 1"))

    why = [row.why for row in country.execute(text(DISAGREEMENTS), OCCUPIED)]
    assert sorted(why) == ["no booking", "no row", "no row"]


def test_nothing_takes_more_than_there_is(country: Session) -> None:
    too_many = """(
        SELECT p.resource_id FROM place_period p
        JOIN place_period o ON o.resource_id = p.resource_id AND o.days @> lower(p.days)
        JOIN resource r ON r.id = p.resource_id
        GROUP BY p.id, p.resource_id, r.capacity, r.declared_load HAVING count(*) > r.capacity - r.declared_load)"""
    overfull = """(
        SELECT h.resource_id FROM hearing_session h JOIN session_case c ON c.resource_id = h.resource_id
        GROUP BY h.resource_id HAVING count(*) > h.max_cases OR sum(c.minutes) > h.max_minutes)"""
    beyond_quota = """(
        SELECT h.resource_id FROM hearing_session h JOIN session_case c ON c.resource_id = h.resource_id
        GROUP BY h.resource_id, c.family HAVING count(*) > CAST(h.quotas ->> c.family AS int))"""
    for problem in (too_many, overfull, beyond_quota):
        assert count(country, f"{problem} problem") == 0


def test_appointments_are_within_openings_and_keep_their_buffer(country: Session) -> None:
    outside = f"""seat_time s WHERE s.holder_id NOT IN {NOT_RECEIVING} AND NOT EXISTS (
        SELECT FROM opening o WHERE o.resource_id = s.resource_id
          AND tstzrange(o.starts_at, o.ends_at) @> s.during)"""
    too_near = """seat_time s JOIN seat_time o ON o.resource_id = s.resource_id AND o.id <> s.id
        JOIN resource r ON r.id = s.resource_id JOIN kind k ON k.id = r.kind_id
        WHERE lower(o.during) >= upper(s.during)
          AND lower(o.during) < upper(s.during) + k.buffer_after_min * interval '1 minute'"""
    assert count(country, outside) == 0
    assert count(country, too_near) == 0


def test_some_keep_an_hour_together_and_agendas_are_shared_never_over_a_hearing_that_waits(country: Session) -> None:
    waits = """absence a JOIN resource r ON r.id = a.resource_id JOIN kind k ON k.id = r.kind_id,
        hearing_session h JOIN resource p ON p.id = h.resource_id
        WHERE k.code IN ('magistrat', 'greffier') AND a.during && tstzrange(h.starts_at, h.ends_at)
          AND p.name LIKE 'Audience JCP%'"""
    assert count(country, "meeting WHERE called_off_at IS NULL") == 3
    assert count(country, "video_link v JOIN meeting m ON m.id = v.holder_id") == 1
    assert count(country, "calendar_feed WHERE failures > 0") == 1
    assert count(country, "absence") > 100
    assert count(country, waits) == 0


def test_nobody_is_booked_where_it_is_closed_and_where_it_is_about_to_close_some_have_to_be_rehoused(
    country: Session,
) -> None:
    booked = """booking b JOIN closure c ON c.resource_id = b.resource_id
        WHERE c.days && daterange(b.first_on, b.until_on) AND b.state = 'booked' AND c.days @> CAST({day} AS date)"""
    assert count(country, booked.format(day=f"'{NOW:%Y-%m-%d}'")) == 0
    assert count(country, booked.format(day=f"'{NOW + STARTS_IN:%Y-%m-%d}'")) > 3


def test_nobody_sleeps_in_two_beds(country: Session) -> None:
    twice = """booking a JOIN booking b ON a.person_id = b.person_id AND a.id < b.id
        AND a.unit_id IS NOT NULL AND b.unit_id IS NOT NULL
        WHERE a.state = ANY(:occupying) AND b.state = ANY(:occupying)
          AND daterange(a.first_on, a.until_on) && daterange(b.first_on, b.until_on)"""
    assert count(country, twice) == 0


def test_people_suit_the_places_that_they_have(country: Session) -> None:
    unsuited = """booking b JOIN person p ON p.id = b.person_id JOIN resource r ON r.id = b.resource_id
        WHERE r.attributes ->> 'sex' NOT IN ('any', p.sex)
           OR extract(year FROM age(b.first_on, p.birth_on)) < CAST(r.attributes ->> 'min_age' AS int)
           OR extract(year FROM age(b.until_on, p.birth_on)) > coalesce(CAST(r.attributes ->> 'max_age' AS int), 150)"""
    assert count(country, unsuited) == 0
    assert count(country, "person WHERE birth_on > date '2008-11-23'") > 0  # minors, in their own sections


def test_sections_are_mostly_taken_but_not_all(country: Session) -> None:
    rows = country.execute(
        text("""SELECT r.id, count(*) AS beds, count(n.unit_id) AS taken FROM resource r
                JOIN unit u ON u.resource_id = r.id LEFT JOIN bed_night n ON n.unit_id = u.id AND n.night = :tonight
                GROUP BY r.id"""),
        {"tonight": TODAY},
    ).all()
    beds, taken = sum(row.beds for row in rows), sum(row.taken for row in rows)

    assert 0.7 < taken / beds < 0.95
    assert any(row.taken == row.beds for row in rows)
    assert any(0 < row.taken < row.beds / 2 for row in rows) or any(row.taken < row.beds * 0.7 for row in rows)


def test_a_hearing_is_being_held_with_a_case_of_each_stage_and_a_screen_shows_it(country: Session) -> None:
    held = "hearing_session WHERE starts_at <= :now AND ends_at > :now"
    stages = country.execute(
        text(f"SELECT DISTINCT stage FROM case_call WHERE hearing_id = (SELECT resource_id FROM {held})"),  # noqa: S608
        {"now": NOW},
    ).scalars()

    assert set(stages) == {Stage.WAITING, Stage.CALLED, Stage.RUNNING, Stage.DONE}
    screen = country.exec(select(Screen)).one()
    shown = shown_on(country, LinkName(screen.id, 1), house=HOUSE, now=NOW)
    assert [len(hearing.cases) for hearing in shown.hearings] == [9]
    assert all(" c/ " in case.label for hearing in shown.hearings for case in hearing.cases)


def test_every_site_has_the_time_and_the_holidays_of_its_territory(country: Session) -> None:
    sites = country.execute(text("SELECT insee, time_zone, holiday_zone FROM site")).all()

    for insee, time_zone, holiday_zone in sites:
        assert (time_zone, holiday_zone) == time_of_commune(insee)
    assert {site.time_zone for site in sites} >= {"Indian/Reunion", "Pacific/Noumea", "America/Cayenne"}


def test_hearings_begin_at_nine_or_half_past_one_on_working_days_there(country: Session) -> None:
    starts = country.execute(
        text("""SELECT DISTINCT CAST(h.starts_at AT TIME ZONE s.time_zone AS time) AS wall,
                       extract(isodow FROM h.starts_at AT TIME ZONE s.time_zone) AS weekday
                FROM hearing_session h JOIN resource r ON r.id = h.resource_id JOIN site s ON s.id = r.site_id
                WHERE h.starts_at > :now"""),
        {"now": NOW},  # the one that is being held began when whoever looks needs it
    ).all()

    assert {str(start.wall) for start in starts} == {"09:00:00", "13:30:00"}
    assert {int(start.weekday) for start in starts} == {1, 2, 3, 4, 5}
    christmas = "hearing_session WHERE starts_at >= '2026-12-24' AND starts_at < '2026-12-26'"
    assert count(country, christmas) == 0


def test_every_department_has_a_host_of_community_work_and_a_probation_service(country: Session) -> None:
    for kind in ("tig", "spip-rdv", "bracelet"):
        codes = country.execute(
            text("""SELECT DISTINCT s.insee FROM site s JOIN resource r ON r.site_id = s.id
                    JOIN kind k ON k.id = r.kind_id WHERE k.code = :kind"""),
            {"kind": kind},
        ).scalars()
        assert {department_of(code) for code in codes} == set(JudicialMap().departments)


def test_no_host_is_named_twice(country: Session) -> None:
    for subject in ("tig", "mediation", "sl"):
        names = country.execute(text("SELECT name FROM site WHERE code LIKE :code"), {"code": f"{subject}-%"}).scalars()
        twice = [name for name, times in Counter(names).items() if times > 1]
        assert twice == []


def test_every_phone_is_fiction_even_sealed(country: Session) -> None:
    for (phone,) in country.execute(text("SELECT phone FROM site")):
        assert phone.startswith(FICTION_PREFIX)
        assert len(phone) == 12
    for person in country.exec(select(Person).order_by(col(Person.id)).limit(60)):
        person_key = key_of(country, HOUSE, person.id)
        assert person_key is not None
        found = phone_for_messages(country, person.id)
        assert found is not None
        phone = unseal(person_key, found.number_sealed)
        assert phone.startswith(FICTION_PREFIX)
        assert found.number_index == HOUSE.blind_index(phone)


def test_history_tells_each_booking_to_its_present_state_and_nothing_later_than_now(country: Session) -> None:
    untold = """booking b WHERE 'booking-' || b.state IS DISTINCT FROM (
        SELECT h.act FROM history h WHERE h.subject = 'booking' AND h.subject_id = b.id::text
        AND h.act LIKE 'booking-%' ORDER BY h.id DESC LIMIT 1)"""
    broken = """(
        SELECT act, facts ->> 'before' AS before, lag(act) OVER (PARTITION BY subject_id ORDER BY id) AS previous
        FROM history WHERE subject = 'booking' AND act LIKE 'booking-%') chain
        WHERE coalesce('booking-' || before, '') <> coalesce(previous, '')"""
    assert count(country, untold) == 0
    assert count(country, broken) == 0
    assert count(country, f"history WHERE at > '{NOW.isoformat()}'") == 0
    assert count(country, "(SELECT at < lag(at) OVER (ORDER BY id) AS back FROM history) times WHERE back") == 0


def test_the_guest_who_convenes_has_people_to_call_and_some_who_asked_for_it(country: Session) -> None:
    account = country.exec(select(Account).where(Account.login == GUESTS[0].login)).one()
    actor = actor_of_account(country, account)
    assert actor is not None

    untold, asking = to_call(country, actor, now=NOW), to_call_back(country, actor)
    callee = whom_to_call_back(country, actor, asking[0].id, house=HOUSE, now=NOW)

    assert len(untold) == count_to_call(country, actor, now=NOW) >= 2
    assert {one.failure for one in untold} == {"unreachable", "invalid-number"}
    assert len(asking) >= 2
    assert all(one.asked_at <= NOW < one.starts_at for one in asking if one.starts_at)
    assert callee.phone.startswith(FICTION_PREFIX)


def test_the_guest_who_convenes_has_two_meetings_with_people_and_free_seats(country: Session) -> None:
    found = gatherings(country, guest(country, GUESTS[0].login), now=NOW)

    assert [(one.expected, one.free) for one in found] == [(5, 3), (3, 5)]


def test_nobody_can_sign_in_with_a_password(country: Session) -> None:
    assert count(country, "account WHERE password_hash IS NOT NULL") == 0


def test_guests_hold_every_role_and_come_first(country: Session) -> None:
    assert {guest.role for guest in (*GUESTS, *LAW_GUESTS)} == set(Role)
    first_of_role = country.execute(
        text("""SELECT DISTINCT ON (r.role) a.login FROM account a JOIN account_right r ON r.account_id = a.id
                ORDER BY r.role, a.login""")
    ).scalars()
    assert set(first_of_role) <= set(demo.GUEST_LOGINS)


def test_the_officer_finds_free_and_full_sections_around_lyon(country: Session) -> None:
    found = around_lyon(country, guest(country, "camille.exemple"), "semi-liberte")

    states = {one.state for one in found}
    assert states >= {"free", "full", "closed"}
    assert len({one.site_id for one in found}) >= 3
    assert any(one.suits and one.attributes["sex"] == "M" for one in found)


def test_what_resources_say_is_what_their_kinds_are_searched_on(country: Session) -> None:
    rows = country.execute(text("SELECT k.searchable, r.attributes FROM resource r JOIN kind k ON k.id = r.kind_id"))

    assert sum(bool(said(schema(searchable), attributes)) for searchable, attributes in rows) > 3_000


def test_some_sections_around_lyon_are_shut_when_one_who_works_early_must_leave(country: Session) -> None:
    early = Work(*LYON, time(6), time(14))
    found = around_lyon(country, guest(country, "camille.exemple"), "semi-liberte", work=early)

    assert {"hours" in one.mismatches for one in found} == {True, False}


def test_the_officer_finds_posts_and_takes_a_bed_for_somebody_known(country: Session) -> None:
    camille = guest(country, "camille.exemple")
    assert sum(one.suits for one in around_lyon(country, camille, "tig", days=30)) >= 20
    bed = next(one for one in around_lyon(country, camille, "semi-liberte") if one.suits)
    person = country.exec(
        select(Person).where(col(Person.territory_id).in_(camille.territories()), Person.sex == "M")
    ).first()
    assert person is not None

    first = TODAY + timedelta(days=1)
    claim = NightsClaim(resource_id=bed.resource_id, first=first, until=first + timedelta(days=3))
    held = hold(country, camille, claim, now=NOW)
    booked = confirm(country, camille, held.id, now=NOW, beneficiary=Beneficiary(person_id=person.id))

    assert booked.state == State.BOOKED


def test_the_family_judge_finds_mediators_of_all_loads_around_lyon(country: Session) -> None:
    judge = guest(country, "louise.modele")
    mediators = around_lyon(country, judge, "mediation-familiale", days=90)

    ages = [(TODAY - one.declared_on).days for one in mediators if one.declared_on]
    assert len(mediators) >= 6
    assert min(ages) <= 30
    assert max(ages) >= 45
    assert any(one.free == 0 for one in mediators)
    assert any(one.free >= 3 for one in mediators)
    assert around_lyon(country, judge, "audience-jaf", days=40)


@pytest.mark.parametrize("login", ["louise.modele", "gabriel.maquette", "jeanne.prototype"])
def test_each_judge_finds_services_for_each_measure_and_a_day_that_is_not_empty(country: Session, login: str) -> None:
    judge = guest(country, login)
    today = day(country, judge, now=NOW)

    for kind in designable_kinds(country, judge):
        found = candidates(country, judge, kind, (LYON, None), radius_km=50, today=TODAY, now=NOW)
        assert any(one.can_take for one in found), kind.code
        words = MeasureWords.read(kind.wording)
        assert words.mission
        assert words.law
    assert today.lost_count
    assert today.to_do_count
    assert today.today_count


def test_the_family_judge_is_offered_three_double_convocations(country: Session) -> None:
    judge = guest(country, "louise.modele")
    kind = next(one for one in designable_kinds(country, judge) if one.meeting_kind_id)
    found = candidates(country, judge, kind, (LYON, None), radius_km=20, today=TODAY, now=NOW)

    for one in found:
        pairs = next_pairs(country, judge, kind, one.resource_id, now=NOW)
        assert len(pairs) == 3, one.name
        assert all(pair.hearing_starts_at > pair.pair.meeting_starts_at for pair in pairs)


def test_the_mediation_service_has_requests_to_answer(country: Session) -> None:
    alix = guest(country, "alix.specimen")
    waiting = country.execute(
        text("""SELECT b.id FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
                WHERE s.organisation_id = :host AND b.state = 'requested' AND b.expires_at > :now"""),
        {"host": alix.organisation_id, "now": NOW},
    ).scalars().all()  # fmt: skip

    assert len(waiting) >= 3
    refuse(country, alix, waiting[0], reason="full", now=NOW)
    assert country.get_one(Booking, waiting[0]).state == State.REFUSED


def test_the_mediation_service_sets_the_hours_of_its_information_meeting_and_declared_all_it_runs(
    country: Session,
) -> None:
    alix = guest(country, "alix.specimen")
    own = own_page(country, alix, now=NOW).items

    assert all(one.declared_on and not one.is_stale for one in own)
    (meeting,) = (one for one in own if one.kind_code == "mediation-information")
    assert [one.resource_id for one in receivers(country, alix)] == [meeting.id]
    assert hours_of(country, alix, meeting.id, now=NOW).rules


def test_monitoring_agents_and_the_clerk_find_their_work(country: Session) -> None:
    teams = around_lyon(country, guest(country, "noa.exemple"), "bracelet", days=7)
    assert any(one.suits for one in teams)
    assert all(one.free < one.total for one in teams)
    hearings = around_lyon(country, guest(country, "sacha.echantillon"), "audience-jaf", days=40)
    assert any(one.suits for one in hearings)


def test_the_agent_has_a_round_today_that_can_be_driven_and_requests_near_their_deadline(country: Session) -> None:
    noa = guest(country, "noa.exemple")
    teams = teams_on(country, noa, TODAY)
    assert 4 <= teams[0].count <= 8
    stops = round_of(country, noa, teams[0].resource_id, TODAY).stops
    assert all(stop.at and stop.address_sealed and stop.measure for stop in stops)
    for before, after in pairwise(stops):
        assert is_reachable(after.at or LYON, after.period, [Stop(before.period, before.at)])

    lines, _ = fitting_requests(country, noa, stages=OPEN, now=NOW)
    urgent = [line for line in lines if line.deadline_on and (line.deadline_on - TODAY).days <= 2]
    assert len(lines) >= 10
    assert len(urgent) >= 3
    assert offers_for(country, noa, urgent[0], now=NOW).offers
    marie, _ = fitting_requests(country, guest(country, "marie.payet-exemple"), stages=OPEN, now=NOW)
    assert "Indian/Reunion" in {line.time_zone for line in marie}


def test_every_fitting_booked_has_a_home(country: Session) -> None:
    homeless = """booking b JOIN kind k ON k.id = b.kind_id AND k.code = 'bracelet'
        WHERE b.state IN ('booked', 'honoured', 'missed')
          AND NOT EXISTS (SELECT FROM fitting_visit v WHERE v.booking_id = b.id)"""
    assert count(country, homeless) == 0


def test_a_few_places_are_being_reserved_around_lyon(country: Session) -> None:
    offered = select(WaitingOffer.booking_id)  # held longer: by the waiting list
    held = country.exec(select(Booking).where(Booking.state == State.HELD, col(Booking.id).not_in(offered))).all()

    shapes = {country.get_one(Kind, booking.kind_id).shape for booking in held}
    assert shapes == {Shape.NIGHTS, Shape.PLACES}
    for booking in held:
        assert booking.expires_at is not None
        assert NOW < booking.expires_at <= NOW + timedelta(minutes=10)


def test_hearings_of_lyon_are_held_some_by_somebody_away_and_loads_are_not_even(country: Session) -> None:
    clerk = guest(country, "sacha.echantillon")
    loads = loads_of(country, clerk, first=TODAY, until=TODAY + timedelta(days=150), now=NOW)
    gaps = to_staff(country, clerk, now=NOW)

    assert [one.member.post for one in loads] == ["judge"] * 4 + ["clerk"] * 4
    assert all(one.sessions > 3 and one.cases for one in loads if one.member.post == "judge")
    percents = sorted(one.percent for one in loads)
    assert (percents[0] < 80, percents[-1] > 120) == (True, True), percents
    assert {one.kind_id for one in gaps} <= {kind.id for kind in plannable_kinds(country, clerk)}
    assert any(not one.why_not for gap in gaps for one in gap.colleagues)
    year = sum(one.unstaffed for one in year_of(country, clerk, TODAY.year + 1, now=NOW))
    assert year * 5 < sum(one.sessions for one in year_of(country, clerk, TODAY.year + 1, now=NOW))


def test_what_is_added_afterwards_gets_a_new_number(country: Session) -> None:
    most = count(country, "organisation")
    organisation = Organisation(code="after", name="Une association de plus")
    country.add(organisation)
    country.flush()

    assert organisation.id > most


def test_the_registry_of_lyon_has_a_month_to_plan_in_which_some_cases_cannot_be_placed(country: Session) -> None:
    registrar = guest(country, "sacha.echantillon")
    kind = plannable_kinds(country, registrar)[0]
    court = Scope(
        territory_id=registrar.home_territory_id, kind_id=kind.id, first=TODAY, until=TODAY + timedelta(days=56)
    )
    problem = problem_of(country, court, now=NOW)

    outcome = solve(problem, work_limit=3)

    sizes = (len(problem.hearings), len(problem.benches), len(problem.rooms), len(problem.cases))
    assert sizes == (12, 4, 2, 150)
    assert all(one.sitting is None for one in problem.hearings)
    assert any(bench.away for bench in problem.benches)
    assert check(problem, outcome.plan) == []
    assert len(outcome.plan.sittings) == 12
    assert 110 <= len(outcome.plan.placed) < 150
    assert {"after-deadline", "quota"} <= {reason.code for one in outcome.unplaced for reason in one.reasons}


def test_the_registry_of_lyon_repairs_the_hearings_of_somebody_who_is_away(country: Session) -> None:
    registrar = guest(country, "sacha.echantillon")
    kind = next(one for one in plannable_kinds(country, registrar) if one.code == "audience-jaf")
    court = Scope(
        territory_id=registrar.home_territory_id, kind_id=kind.id, first=TODAY, until=TODAY + timedelta(days=56)
    )
    problem = problem_of(country, court, now=NOW, manner=Manner.REPAIR)

    placed = [case for case in problem.cases if case.hearing_id is not None]

    assert len(placed) == len(problem.cases) > 30
    assert any(case.is_told for case in placed)
    assert any(case.video_to for case in placed)
    assert problem.having(SittingRole.INTERPRETER)
    assert [one.sitting_lock for one in problem.hearings if one.sitting].count(Lock.MOVABLE) >= 1
