"""Somebody opens the link of an SMS on a cheap phone, with scripts off: choose, move, decline, refuse messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from icalendar import Calendar
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlmodel import Session, select

from availability.rights import Actor, Role
from booking.links import LinkName, token_of
from convocations.actions import convocation_for, let_choose, withdraw
from convocations.kinds import Standing
from convocations.models import Convocation
from convocations.wording import page_words
from portal.identity import Account, AccountRight
from portal.sign_in import actor_of_account
from tests.served import Served

FR, AR = page_words("fr"), page_words("ar")
OpenLink = Callable[..., Page]
SERIOUS = ("serious", "critical")


def officer_who_summoned(session: Session) -> tuple[Actor, Convocation]:
    """Return a convocation of the demonstration whose person chooses, and an officer of its territory."""
    choosing = session.exec(select(Convocation).where(Convocation.standing == Standing.CHOOSING)).all()
    accounts = session.exec(
        select(Account)
        .join(AccountRight, AccountRight.account_id == Account.id)  # type: ignore[arg-type]
        .where(AccountRight.role == Role.PROBATION_OFFICER)
    ).all()
    for account in accounts:
        actor = actor_of_account(session, account)
        for one in choosing:
            if actor and one.territory_id == actor.home_territory_id:
                return actor, one
    raise AssertionError("nobody chooses in the demonstration")


@pytest.fixture
def path(served: Served) -> Iterator[str]:
    """The path of a new link among the hours of an agent, withdrawn at the end."""
    now = datetime.now(UTC)
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        officer, like = officer_who_summoned(session)
        until = now.date() + timedelta(days=10)
        made = let_choose(session, officer, like.person_id, like.resource_ids, choose_by=until, now=now)
        name = LinkName(made.link_id, made.link_version)
    yield f"/r/{token_of(served.house.derived('links'), name)}"
    with Session(served.engine) as session, session.begin():
        if convocation_for(session, officer, made.id).standing != Standing.WITHDRAWN:
            withdraw(session, officer, made.id, now=datetime.now(UTC))


@pytest.fixture
def open_link(browsers: Callable[[bool], Browser], served: Served) -> Iterator[OpenLink]:
    """Opens a page on a phone without scripts, unless they are asked for."""
    contexts: list[BrowserContext] = []

    def opened(path: str, *, width: int = 375, scripts: bool = False, scheme: str = "light") -> Page:
        context = browsers(False).new_context(
            base_url=served.url,
            viewport={"width": width, "height": 740},
            java_script_enabled=scripts,
            bypass_csp=scripts,  # only what judges the page needs a script
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def hours(page: Page) -> list[str]:
    """Return the hours that can be chosen, as they are read."""
    return page.locator(".hours button").all_inner_texts()


def test_choosing_moving_declining_and_choosing_again_without_a_script(open_link: OpenLink, path: str) -> None:
    page = open_link(f"{path}?langue=fr")
    expect(page.get_by_role("heading", level=1)).to_have_text(FR.title)
    day = page.locator("legend").first.inner_text()
    first, second = hours(page)[:2]

    page.locator(".hours button").first.click()
    card = page.locator(".card")
    expect(card).to_contain_text(day)
    expect(card).to_contain_text(first)
    page.reload()
    expect(card).to_contain_text(first)

    page.get_by_role("link", name=FR.move).click()
    expect(card).to_contain_text(first)
    page.locator(".hours button", has_text=re.compile(f"^{re.escape(second)}$")).first.click()
    expect(page.get_by_text(FR.booked)).to_be_visible()
    expect(card).to_contain_text(second)

    page.get_by_role("button", name=FR.confirm).click()
    expect(page.get_by_text(FR.coming)).to_be_visible()

    page.get_by_role("link", name=FR.cannot_come).click()
    expect(page.get_by_text(FR.sure)).to_be_visible()
    page.get_by_role("link", name=FR.keep).click()
    expect(card).to_contain_text(second)
    page.get_by_role("link", name=FR.cannot_come).click()
    page.get_by_role("button", name=FR.sure_yes).click()
    expect(page.get_by_text(FR.not_coming)).to_be_visible()

    page.locator(".hours button").first.click()
    expect(card).to_contain_text(first)


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


def test_messages_are_stopped_then_wanted_again(open_link: OpenLink, path: str) -> None:
    page = open_link(f"{path}?langue=fr")
    page.get_by_role("button", name=FR.stop_sms).click()
    expect(page.get_by_text(FR.sms_stopped)).to_be_visible()
    page.get_by_role("button", name=FR.resume_sms).click()

    expect(page.get_by_role("button", name=FR.stop_sms)).to_be_visible()


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

    expect(page.get_by_text(FR.not_coming)).to_be_visible()


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_no_serious_violation_and_nothing_overflows(open_link: OpenLink, path: str, language: str, scheme: str) -> None:
    page = open_link(f"{path}?langue={language}", scripts=True, scheme=scheme, width=320)
    judged = [page.url]
    page.locator(".hours button").first.click()
    judged += [f"{path}?langue={language}{end}" for end in ("", "&etape=deplacer", "&etape=absence")]
    page.goto(f"/r/x?langue={language}")
    judged.append(page.url)
    for address in judged:
        page.goto(address)
        found = Axe().run(page).response["violations"]

        assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in SERIOUS] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_with_the_letters_twice_as_big_nothing_overflows(open_link: OpenLink, path: str) -> None:
    page = open_link(f"{path}?langue=fr", scripts=True, width=375)
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_real_server_answers_the_head_of_a_page_with_no_body_and_its_own_policy(served: Served, path: str) -> None:
    with served.client() as client:
        read, head = client.get(path), client.head(path)

    assert (read.status_code, head.status_code) == (200, 200)
    assert head.content == b""
    assert head.headers["content-security-policy"] == read.headers["content-security-policy"]
    assert read.headers.get_list("content-security-policy") == [read.headers["content-security-policy"]]
    assert "script-src 'none'" in read.headers["content-security-policy"]
