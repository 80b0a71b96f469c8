"""Somebody opens the link of an SMS on a cheap phone, with scripts off: choose, move, decline, refuse messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.claims import SlotClaim
from availability.models import Kind
from availability.periods import Period
from availability.queries import slots_of
from availability.rights import Actor, Role
from booking.links import LinkName, token_of
from booking.models import Person
from booking.person_models import PersonPhone
from booking.persons import NewPerson, create_person
from convocations.actions import convene, convocation_for, let_choose, withdraw
from convocations.kinds import Standing
from convocations.models import Convocation
from convocations.wording import FRENCH, page_words
from portal.demo.accounts import GUEST_LOGINS
from portal.demo.groups import GROUPS
from portal.identity import Account, AccountRight
from portal.sign_in import actor_of_account
from tests.conftest import WAIT_MS, filmed, go
from tests.end_to_end.judging import serious
from tests.served import Served

FR, AR = page_words(FRENCH), page_words("ar")
OpenLink = Callable[..., Page]
TEN_MINUTES_LATER = text("""
    UPDATE freed_place SET due_at = now()
    WHERE id IN (SELECT holder_id FROM seat_time WHERE lower(during) = :start)""")
TAKEN_THAT_MONTH = text("""
    SELECT lower(t.during) FROM seat_time t JOIN seat_time mine ON mine.resource_id = t.resource_id
    JOIN booking b ON b.id = mine.holder_id JOIN person p ON p.id = b.person_id AND p.search_name LIKE '%quasifictif%'
    WHERE lower(mine.during) = :start""")
LAST_MADE = text("SELECT id FROM convocation WHERE standing = 'choosing' ORDER BY created_at DESC, id LIMIT 1")
HELPED_ACTS = text("""
    SELECT h.act FROM history h JOIN link_help l ON h.facts ->> 'helped_by' = CAST(l.account_id AS text)""")


def officer_who_summoned(session: Session) -> tuple[Actor, UUID, list[int]]:
    """Return the officer of the demonstration who opens pages, somebody whom they follow, and who receives there.

    That person reads French, the page speaks their language wherever no other is asked for, and has a phone. Of the
    few who choose an hour, there may be none, on some days.
    """
    account = session.exec(
        select(Account)
        .join(AccountRight, AccountRight.account_id == Account.id)  # type: ignore[arg-type]
        .where(AccountRight.role == Role.PROBATION_OFFICER, col(Account.login).in_(GUEST_LOGINS))
        .order_by(col(Account.login))
    ).first()
    actor = actor_of_account(session, account) if account else None
    assert actor is not None
    theirs = (
        select(Convocation).where(Convocation.territory_id == actor.home_territory_id).order_by(col(Convocation.id))
    )
    # Not those of a meeting of several, which has one hour a day.
    of_agents = theirs.join(Kind, col(Kind.id) == Convocation.kind_id).where(Kind.code != GROUPS.code)
    choosing = session.exec(of_agents.where(Convocation.standing == Standing.CHOOSING)).first()
    whose = Person.id == Convocation.person_id, Person.id == PersonPhone.person_id
    of_people = theirs.join(Person, whose[0]).join(PersonPhone, whose[1])  # type: ignore[arg-type]
    french = session.exec(of_people.where(Person.language == FRENCH, PersonPhone.is_for_messages)).first()
    assert choosing is not None
    assert french is not None
    return actor, french.person_id, choosing.resource_ids


@pytest.fixture
def path(served: Served) -> Iterator[str]:
    """The path of a new link among the hours of an agent, withdrawn at the end."""
    now = datetime.now(UTC)
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        officer, person_id, resource_ids = officer_who_summoned(session)
        until = now.date() + timedelta(days=10)
        made = let_choose(session, officer, person_id, resource_ids, choose_by=until, now=now)
        name = LinkName(made.link_id, made.link_version)
    yield f"/r/{token_of(served.house.derived('links'), name)}"
    with Session(served.engine) as session, session.begin():
        if convocation_for(session, officer, made.id).standing != Standing.WITHDRAWN:
            withdraw(session, officer, made.id, now=datetime.now(UTC))


@pytest.fixture
def open_link(browsers: Callable[[bool], Browser], served: Served) -> Iterator[OpenLink]:
    """Opens a page on a phone without scripts, unless they are asked for."""
    contexts: list[BrowserContext] = []

    def opened(path: str, *, width: int = 375, scripts: bool = False) -> Page:
        context = browsers(False).new_context(
            base_url=served.url,
            viewport={"width": width, "height": 740},
            **filmed(width, 740),
            java_script_enabled=scripts,
            bypass_csp=scripts,  # only what judges the page needs a script
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def hours(page: Page) -> list[str]:
    """Return the hours that can be chosen, as they are read."""
    return page.locator(".hours button").all_inner_texts()


def asks_to_be_called_and_takes_it_back(page: Page) -> None:
    page.get_by_role("link", name=FR.call_me).click()
    page.get_by_label(FR.call_afternoon).check()
    page.get_by_label(FR.other_number).fill("pas un numéro")
    page.get_by_role("button", name=FR.call_ask).click()
    expect(page.get_by_role("alert")).to_have_text(FR.number_wrong)
    expect(page.get_by_label(FR.other_number)).to_have_value("pas un numéro")
    expect(page.get_by_label(FR.call_afternoon)).to_be_checked()
    page.get_by_label(FR.other_number).fill("06 39 98 55 44")
    page.get_by_role("button", name=FR.call_ask).click()
    expect(page.locator(".calm")).to_contain_text(FR.call_afternoon)
    page.get_by_role("button", name=FR.call_cancel).click()
    expect(page.get_by_role("link", name=FR.call_me)).to_be_visible()


def says_another_year_of_birth(page: Page) -> None:
    page.get_by_role("link", name=FR.who_to_call).click()
    page.get_by_label(FR.birth_year).fill("1899")
    page.get_by_role("button", name=FR.go_on).click()
    expect(page.get_by_role("alert")).to_have_text(FR.birth_year_wrong)
    page.get_by_role("link", name=FR.back).click()


def test_the_whole_journey_of_a_person_on_the_link_without_a_script(open_link: OpenLink, path: str) -> None:
    page = open_link(f"{path}?langue=fr")
    expect(page.get_by_role("heading", level=1)).to_have_text(FR.title)
    day = page.locator("legend").first.inner_text()
    first = hours(page)[0]
    second = next(hour for hour in hours(page) if hour != first)  # one day may have but the hour of the next

    page.locator(".hours button").first.click()
    card = page.locator(".card")
    expect(card).to_contain_text(day)
    expect(card).to_contain_text(first)
    page.reload()
    expect(card).to_contain_text(first)

    page.get_by_role("link", name=FR.bigger_text).click()
    expect(page.locator("html.big")).to_have_count(1)
    page.get_by_role("link", name=FR.move, exact=True).click()
    expect(card).to_contain_text(first)
    page.locator(".hours button", has_text=re.compile(f"^{re.escape(second)}$")).first.click()
    expect(page.get_by_text(FR.moved)).to_be_visible()
    expect(page.get_by_role("button", name=FR.move_back.partition("{")[0])).to_contain_text(first)
    expect(card).to_contain_text(second)
    page.get_by_role("link", name=FR.usual_text).click()
    expect(page.locator("html.big")).to_have_count(0)

    page.get_by_role("button", name=FR.confirm).click()
    expect(page.get_by_text(FR.coming)).to_be_visible()

    asks_to_be_called_and_takes_it_back(page)
    says_another_year_of_birth(page)

    page.get_by_role("link", name=FR.cannot_come).click()
    expect(page.get_by_text(FR.sure)).to_be_visible()
    page.get_by_role("link", name=FR.keep).click()
    expect(card).to_contain_text(second)
    page.get_by_role("link", name=FR.cannot_come).click()
    page.get_by_label(FR.reason_transport).check()
    page.get_by_role("button", name=FR.sure_yes).click()
    expect(page.get_by_role("heading", name=FR.given_up)).to_be_visible()

    page.get_by_role("button", name=FR.take_back.partition("{")[0].strip()).click()
    expect(card).to_contain_text(second)
    page.get_by_role("button", name=FR.stop_sms).click()
    expect(page.get_by_text(FR.sms_stopped)).to_be_visible()
    page.get_by_role("button", name=FR.resume_sms).click()
    expect(page.get_by_role("button", name=FR.stop_sms)).to_be_visible()


@pytest.fixture
def two_hours(served: Served) -> Iterator[tuple[str, str, UUID, datetime]]:
    """Two people convened to the same agent far ahead: both paths, the later convocation, the first hour."""
    now, day = datetime.now(UTC), timedelta(days=1)
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        officer, _, resource_ids = officer_who_summoned(session)
        agent_id = resource_ids[0]
        listed = slots_of(session, [agent_id], within=Period(now + 20 * day, now + 50 * day), now=now)[agent_id]
        free = [one.period.start for one in listed if one.is_free]
        made = []
        for given_name, phone, start in (("Xylo", "0639987701", free[-9]), ("Ysolde", "0639987702", free[-2])):
            new = NewPerson(
                family_name="QUASIFICTIF", given_name=given_name, birth_on=date(1990, 5, 17), sex="M", phone=phone
            )
            person = create_person(session, officer, new, house=served.house, now=now, fiction=True)
            claim = SlotClaim(resource_id=agent_id, start=start)
            made.append(convene(session, officer, person.id, claim, now=now))
    key = served.house.derived("links")
    first, later = (f"/r/{token_of(key, LinkName(one.link_id, one.link_version))}?langue=fr" for one in made)
    yield first, later, made[1].id, free[-9]
    with Session(served.engine) as session, session.begin():
        withdraw(session, officer, made[1].id, now=datetime.now(UTC))


def test_somebody_is_told_of_an_earlier_date_that_another_gave_back_and_takes_it(
    open_link: OpenLink,
    open_page: Callable[..., Page],
    served: Served,
    two_hours: tuple[str, str, UUID, datetime],
) -> None:
    first, later, convocation_id, start = two_hours
    theirs = open_link(later)
    late_hour = theirs.locator(".card time").get_attribute("datetime")
    theirs.get_by_role("button", name=FR.earlier_ask).click()
    expect(theirs.get_by_text(FR.earlier_asked)).to_be_visible()
    other = open_link(first)
    early_hour = other.locator(".card time").get_attribute("datetime") or ""
    other.get_by_role("link", name=FR.cannot_come).click()
    other.get_by_role("button", name=FR.sure_yes).click()
    expect(other.get_by_role("heading", name=FR.given_up)).to_be_visible()
    with served.engine.begin() as connection:  # the ten minutes in which it may be taken back have gone by
        assert connection.execute(TEN_MINUTES_LATER, {"start": start}).rowcount == 1

    agent = open_page(f"/convocations/?convocation={convocation_id}", Role.PROBATION_OFFICER)
    sheet = agent.get_by_role("dialog")
    expect(sheet.get_by_role("button", name="Prendre la date plus tôt")).to_be_visible()
    expect(sheet.locator(".pj-messages")).to_contain_text("Date plus tôt proposée")
    judged = open_link(later, scripts=True, width=320)
    assert judged.evaluate("document.documentElement.scrollWidth") <= 320
    assert serious(judged) == []

    theirs.reload()
    expect(theirs.get_by_role("heading", level=1)).to_have_text(FR.earlier_free)
    theirs.get_by_role("button", name=FR.earlier_take).click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text(FR.your_appointment)
    expect(theirs.locator(".card time")).to_have_attribute("datetime", early_hour)
    expect(sheet.get_by_role("button", name="Prévenir si une date plus tôt se libère")).to_be_visible()
    with served.engine.connect() as connection:
        taken = set(connection.execute(TAKEN_THAT_MONTH, {"start": start}).scalars())
    assert start in taken
    assert datetime.fromisoformat(late_hour or "") not in taken


def test_a_front_desk_finds_somebody_and_opens_their_page_with_them(
    open_page: Callable[..., Page], served: Served, path: str
) -> None:
    with Session(served.engine) as session:
        number = session.execute(LAST_MADE).scalar_one().hex[:8]
    page = open_page("/convocations/", Role.PROBATION_OFFICER)
    page.get_by_role("link", name="Accueil du public").click()
    expect(page).to_have_url(re.compile("/accueil-du-public/$"))
    page.get_by_role("button", name="Rechercher").click()
    expect(page.locator("#name-message")).to_contain_text("Indiquez un nom")
    page.get_by_label("Ou un numéro, ou le lien").fill(number)
    page.get_by_role("button", name="Rechercher").click()
    with page.context.expect_page() as opening:
        page.get_by_role("button", name="Ouvrir avec la personne").click()
    theirs = opening.value

    expect(theirs).to_have_url(re.compile(re.escape(path) + r"\?aide="))
    expect(theirs.locator("main .say").first).to_be_visible()
    theirs.locator(".hours button").first.click()
    expect(theirs).to_have_url(re.compile("aide="))
    expect(theirs.locator(".card")).to_be_visible()
    theirs.get_by_role("link", name=FR.call_me).click()
    theirs.get_by_role("button", name=FR.call_ask).click()
    expect(theirs.locator(".calm")).to_be_visible()

    with Session(served.engine) as session:
        assert {"convocation-chosen", "callback-asked"} <= set(session.execute(HELPED_ACTS).scalars())
    calls_back(page)


def calls_back(page: Page) -> None:
    go(page, "/convocations/a-rappeler/")
    line = page.get_by_role("button", name=re.compile("^Rappeler"))
    expect(line.last).to_be_visible()
    before = line.count()  # the demonstration has some already
    line.last.click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("link", name=re.compile("^06"))).to_be_visible()
    sheet.get_by_role("button", name="Rappelé(e)").click()
    expect(page.locator("#message")).to_contain_text("C’est noté")
    expect(line).to_have_count(before - 1)
    page.locator("#message").get_by_role("button", name="Annuler").click()
    expect(line).to_have_count(before)


def test_the_calendar_file_is_the_hour_on_the_page(open_link: OpenLink, path: str) -> None:
    page = open_link(f"{path}?langue=fr")
    page.locator(".hours button").first.click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name=FR.add_to_calendar).click()
    event = Calendar.from_ical(downloading.value.path().read_bytes()).walk("VEVENT")[0]
    shown = datetime.fromisoformat(page.locator(".card time").get_attribute("datetime") or "")

    assert downloading.value.suggested_filename == "rendez-vous.ics"
    assert event["dtstart"].dt == shown
    assert str(event["summary"]) == "Rendez-vous"


def test_arabic_is_read_from_the_right_and_kept_until_french_is_chosen_again(open_link: OpenLink, path: str) -> None:
    page = open_link(f"{path}?langue=fr")
    page.get_by_role("link", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_role("heading", level=1)).to_have_text(AR.title)
    page.locator(".hours button").first.click()
    expect(page.get_by_text(AR.booked)).to_be_visible()
    page.get_by_role("link", name="Français").click()

    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    expect(page.get_by_text(FR.booked)).to_be_visible()


def test_everything_is_done_with_the_keyboard_alone(open_link: OpenLink, path: str) -> None:
    page = open_link(f"{path}?langue=fr")

    def press_until(wanted: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            if page.locator(":focus").count() and wanted in page.locator(":focus").inner_text():
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"the keyboard never reaches {wanted}")

    press_until(hours(page)[0])
    expect(page.get_by_text(FR.booked)).to_be_visible()
    press_until(FR.cannot_come)
    expect(page.get_by_text(FR.sure)).to_be_visible()
    press_until(FR.sure_yes)

    expect(page.get_by_role("heading", name=FR.given_up)).to_be_visible()


def test_one_request_of_less_than_15_kb_and_no_complaint_of_the_policy(open_link: OpenLink, path: str) -> None:
    page = open_link("about:blank")
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    answer = page.goto(path)
    page.wait_for_load_state("networkidle")
    assert answer is not None

    assert len(asked) == 1
    assert len(answer.body()) < 15_000
    assert complaints == []
    assert page.locator(".hours button").first.evaluate("one => getComputedStyle(one).minHeight") == "48px"
    assert page.context.cookies() == []


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_no_serious_violation_and_nothing_overflows(open_link: OpenLink, path: str, language: str) -> None:
    page = open_link(f"{path}?langue={language}", scripts=True, width=320)
    judged = [page.url]
    page.locator(".hours button").first.click()
    expect(page.locator(".card")).to_be_visible()
    steps = ("", "&etape=deplacer", "&etape=absence", "&etape=rappel", "&etape=contact", "&taille=grande")
    judged += [f"{path}?langue={language}{end}" for end in steps]
    page.goto(f"/r/x?langue={language}")
    judged.append(page.url)
    for address in judged:
        page.goto(address)

        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert serious(page) == []
        page.emulate_media(color_scheme="dark")
        assert serious(page, only_colours=True) == []
        page.emulate_media(color_scheme="light")
        page.evaluate("document.querySelector('style').remove()")  # an old browser that knows nothing of it
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_real_server_answers_the_head_of_a_page_with_no_body_and_its_own_policy(served: Served, path: str) -> None:
    with served.client() as client:
        read, head = client.get(path), client.head(path)

    assert (read.status_code, head.status_code) == (200, 200)
    assert head.content == b""
    assert head.headers["content-security-policy"] == read.headers["content-security-policy"]
    assert read.headers.get_list("content-security-policy") == [read.headers["content-security-policy"]]
    assert "script-src 'none'" in read.headers["content-security-policy"]
