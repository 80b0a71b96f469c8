"""The agenda in a real browser: reserved by a click, moved by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.claims import SlotClaim
from availability.closings import reopen_days
from availability.hours import rules_from, set_hours
from availability.models import Closure
from availability.openings import Rule
from availability.rights import Actor, Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.agenda import free_starts, monday_of
from booking.models import OCCUPYING, Booking, State
from tests.conftest import WAIT_MS, go
from tests.end_to_end.judging import serious_in_both_schemes
from tests.end_to_end.test_bookings import officer, state_of
from tests.served import Served

OpenPage = Callable[..., Page]
OFFICER = Role.PROBATION_OFFICER
PARIS = ZoneInfo("Europe/Paris")
CASE = "RG 99/00123"
AGENT = text("""
    SELECT r.id FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    WHERE k.code = 'spip-rdv' AND s.territory_id = ANY(:territories) ORDER BY r.id DESC LIMIT 1""")


@dataclass(frozen=True)
class Quiet:
    """A week of an agent in which nothing else happens: an appointment, and the free starts of its day."""

    served: Served
    actor: Actor
    agent: int
    booking: UUID
    starts: tuple[datetime, ...]  # the first is taken

    @property
    def address(self) -> str:
        """Return the address of that week."""
        return f"/agenda/?lieu={self.agent}&semaine={monday_of(self.starts[0].astimezone(PARIS).date())}"

    def at(self) -> datetime | None:
        """Return when the appointment is, for everybody."""
        with Session(self.served.engine) as session:
            found = session.get_one(Booking, self.booking).starts_at
            return found.astimezone(UTC) if found else None

    def wait_until_at(self, page: Page, start: datetime) -> None:
        """Return once the appointment is there."""
        for _ in range(WAIT_MS // 100):
            if self.at() == start:
                return
            page.wait_for_timeout(100)
        assert self.at() == start


@pytest.fixture
def quiet(served: Served) -> Iterator[Quiet]:
    """A week far enough for nobody to have taken anything; all that the test took or changed is given back."""
    now = datetime.now(UTC)
    with Session(served.engine, expire_on_commit=False) as session, session.begin():
        actor = officer(session)
        agent = int(session.execute(AGENT, {"territories": sorted(actor.territories([OFFICER]))}).scalar_one())
        found = free_starts(session, actor, agent, around=now + timedelta(days=45), now=now)
        days = [start.astimezone(PARIS).date() for start in found]
        day = next(day for day in sorted(set(days)) if day > today() + timedelta(days=40) and days.count(day) >= 6)
        starts = tuple(start for start in found if start.astimezone(PARIS).date() == day)
        claim = SlotClaim(resource_id=agent, start=starts[0])
        booked = hold(session, actor, claim, now=now, beneficiary=Beneficiary(case_ref=CASE))
        confirm(session, actor, booked.id, now=now)
        rules = rules_from(session, agent, today())
    yield Quiet(served, actor, agent, booked.id, starts)
    _give_back(served, agent, actor, since=now, rules=rules)


def _give_back(served: Served, agent: int, actor: Actor, *, since: datetime, rules: tuple[Rule, ...]) -> None:
    now = datetime.now(UTC)
    with Session(served.engine) as session, session.begin():
        made = select(Booking).where(Booking.resource_id == agent, col(Booking.created_at) >= since)
        for booking in session.exec(made).all():
            if State(booking.state) in OCCUPYING:
                cancel(session, actor, booking.id, now=now)
        for closure in session.exec(select(Closure).where(Closure.resource_id == agent)).all():
            reopen_days(session, actor, agent, closure.id, now=now)
        if rules_from(session, agent, today()) != rules:
            set_hours(session, actor, agent, rules, from_on=today(), now=now)


def today() -> date:
    """Return the day that it is at the agent's, which is no longer that of Greenwich near midnight."""
    return datetime.now(PARIS).date()


def opened(open_page: OpenPage, quiet: Quiet, **options: object) -> Page:
    """Open the week, its grid drawn."""
    page = open_page(quiet.address, OFFICER, **options)
    expect(page.get_by_role("heading", name="Vue liste")).to_be_visible()
    return page


def free(page: Page, start: datetime) -> Locator:
    """Return a free start of the grid."""
    return day_of(page, start).locator(".pj-event--free").filter(has_text=re.compile(f"^{said(start)}$"))


def day_of(page: Page, start: datetime) -> Locator:
    """Return the column of the grid of a day."""
    return page.locator(f"[role=cell][data-date='{start.astimezone(PARIS).date()}']:has(.pj-event)")


def said(start: datetime) -> str:
    """Return "9 h 30"."""
    local = start.astimezone(PARIS)
    return f"{local.hour}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{local.minute:02}" if local.minute else "")


def drag(page: Page, event: Locator, target: Locator) -> None:
    """Carry an event with the mouse, step by step as a hand does, by its top to the top of another."""
    event.scroll_into_view_if_needed()
    start, end = event.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 30, start["y"] + 6)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + 20, steps=4)
    page.mouse.move(end["x"] + 30, end["y"] + 8, steps=10)
    page.mouse.up()


def appointment(page: Page) -> Locator:
    """Return the appointment on the grid."""
    return page.locator(".pj-event--taken").filter(has_text=CASE)


def listed(page: Page, label: str) -> Locator:
    """Return a button of the appointment in the list."""
    return page.locator(".pj-agenda__one").filter(has_text=CASE).get_by_role("button", name=label)


def height_of(page: Page) -> float:
    """Return where the appointment is drawn, from the top of the grid."""
    script = (
        "event => event.getBoundingClientRect().top - event.closest('.pj-agenda__grid').getBoundingClientRect().top"
    )
    return float(appointment(page).evaluate(script))


def carry(page: Page, height: float) -> None:
    """Drag the appointment up or down its own day, step by step as a hand does."""
    box = appointment(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 6)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 20, steps=4)
    page.mouse.move(box["x"] + 30, box["y"] + height + 6, steps=10)
    page.mouse.up()


def test_an_agenda_is_found_chosen_and_opened_with_no_csp_violation(open_page: OpenPage, quiet: Quiet) -> None:
    page = open_page("/ma-journee/", OFFICER, csp=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.get_by_role("link", name="Agenda", exact=True).first.click()
    expect(page.get_by_role("heading", name=quiet.actor.name)).to_be_visible()  # one's own
    page.get_by_role("link", name="Changer d’agenda").click()
    page.get_by_label("Quel agenda").fill("bracelet rhone")
    expect(page.locator(".pj-agenda__choice")).to_have_count(2)
    page.locator(".pj-agenda__choice").first.click()

    expect(page.get_by_role("heading", name="Équipe 1")).to_be_visible()
    expect(page.locator(".pj-event").first).to_be_visible()
    expect(page).to_have_url(re.compile("lieu="))
    page.get_by_role("link", name="Semaine suivante").click()
    page.wait_for_url("**semaine=*")
    expect(page.locator(".pj-event").first).to_be_visible()
    assert complaints == []


def test_a_click_on_a_free_slot_reserves_it_for_a_person(open_page: OpenPage, quiet: Quiet) -> None:
    page, start = opened(open_page, quiet), quiet.starts[2]
    with Session(quiet.served.engine) as session:
        name = session.execute(
            text("SELECT family_name FROM person WHERE territory_id = ANY(:here) ORDER BY id LIMIT 1"),
            {"here": sorted(quiet.actor.territories([OFFICER]))},
        ).scalar_one()
    free(page, start).click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text("Gardé pour vous")).to_be_visible()
    sheet.get_by_label("Personne concernée").fill(name)
    sheet.locator(".pj-choice").first.click()
    sheet.get_by_role("button", name="Réserver").click()
    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    expect(sheet.get_by_text(said(start))).to_be_visible()
    expect(sheet.get_by_role("link", name="Convoquer")).to_have_attribute(
        "href", re.compile(r"^/convoquer/\?reservation=")
    )
    page.keyboard.press("Escape")

    expect(sheet).to_be_hidden()
    expect(free(page, start)).to_have_count(0)
    expect(day_of(page, start).locator(".pj-event--taken")).to_have_count(2)


def test_a_slot_kept_and_not_confirmed_is_given_back_when_the_sheet_closes(open_page: OpenPage, quiet: Quiet) -> None:
    page, start = opened(open_page, quiet), quiet.starts[2]
    free(page, start).click()
    expect(page.get_by_role("dialog").get_by_text("Gardé pour vous")).to_be_visible()
    expect(free(page, start)).to_have_count(0)
    page.keyboard.press("Escape")

    expect(free(page, start)).to_be_visible()


def test_an_appointment_is_dragged_to_another_slot_and_brought_back(open_page: OpenPage, quiet: Quiet) -> None:
    page, target = opened(open_page, quiet), quiet.starts[3]
    drag(page, appointment(page), free(page, target))

    quiet.wait_until_at(page, target)
    notice = page.locator("#message")
    expect(notice).to_contain_text("déplacé au")
    expect(notice).to_contain_text(said(target))
    expect(free(page, quiet.starts[0])).to_be_visible()
    notice.get_by_role("button", name="Annuler").click()
    expect(notice).to_contain_text("C’est annulé")
    assert quiet.at() == quiet.starts[0]
    expect(free(page, target)).to_be_visible()


def test_a_refused_drag_snaps_back_and_says_why(open_page: OpenPage, quiet: Quiet) -> None:
    page = opened(open_page, quiet)
    before, row = height_of(page), appointment(page).bounding_box()
    assert row is not None
    carry(page, -2 * row["height"])  # before the opening

    alert = page.get_by_role("alert").filter(has_text="n’a pas été déplacé")
    expect(alert).to_contain_text("Ce n’est pas un créneau ouvert.")
    expect(alert.locator(".pj-slots button")).to_have_count(3)
    assert height_of(page) == pytest.approx(before)
    assert quiet.at() == quiet.starts[0]
    page.get_by_role("button", name="Masquer le message").click()
    expect(alert).to_be_hidden()


def test_a_drag_onto_what_was_just_taken_offers_others_and_one_of_them_is_taken(
    open_page: OpenPage, quiet: Quiet
) -> None:
    page, target = opened(open_page, quiet), quiet.starts[3]
    row, box = free(page, target).bounding_box(), appointment(page).bounding_box()
    assert row is not None
    assert box is not None
    with Session(quiet.served.engine) as session, session.begin():
        hold(session, quiet.actor, SlotClaim(resource_id=quiet.agent, start=target), now=datetime.now(UTC))
    carry(page, row["y"] - box["y"])
    alert = page.get_by_role("alert").filter(has_text="n’a pas été déplacé")
    expect(alert).to_contain_text("Ce créneau est pris.")
    assert quiet.at() == quiet.starts[0]
    alert.locator(".pj-slots button").last.click()

    expect(page.locator("#message")).to_contain_text("déplacé au")
    assert quiet.at() not in (quiet.starts[0], target)


def test_an_appointment_is_moved_by_keyboard_alone(open_page: OpenPage, quiet: Quiet) -> None:
    page, target = opened(open_page, quiet), quiet.starts[4]
    page.locator("#contenu").focus()
    move_it = listed(page, "Déplacer")
    for _ in range(120):
        page.keyboard.press("Tab")
        if move_it.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    choice = dialog.get_by_label("Nouveau créneau")
    expect(choice).to_be_visible()
    choice.focus()
    for _ in range(400):
        if choice.input_value() == target.isoformat():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(page.locator("#message")).to_contain_text("déplacé au")
    assert quiet.at() == target


def test_a_free_slot_is_reserved_from_the_list_by_keyboard_alone(open_page: OpenPage, quiet: Quiet) -> None:
    page, start = opened(open_page, quiet), quiet.starts[2]
    day = page.locator(".pj-agenda__days > section").filter(has_text=CASE)
    day.get_by_text(f"{said(start)} – Réserver", exact=True).focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    case = sheet.locator("#case_ref")
    expect(case).to_be_visible()
    case.focus()
    page.keyboard.type("RG 99/00124")
    page.keyboard.press("Enter")

    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()


def test_weeks_are_turned_by_keys(open_page: OpenPage, quiet: Quiet) -> None:
    page = opened(open_page, quiet)
    monday = monday_of(quiet.starts[0].astimezone(PARIS).date())
    shown = appointment(page)
    page.keyboard.press("Alt+PageDown")
    page.wait_for_url(f"**semaine={monday + timedelta(days=7)}")
    expect(shown).to_have_count(0)
    page.keyboard.press("Alt+PageUp")
    page.wait_for_url(f"**semaine={monday}")
    expect(shown).to_be_visible()
    page.keyboard.press("Alt+j")
    page.wait_for_url(f"**/agenda/?lieu={quiet.agent}")

    expect(page.locator(".pj-agenda__day .fr-badge")).to_have_text("aujourd’hui")


def test_an_appointment_opens_in_its_sheet_and_the_week_stays(open_page: OpenPage, quiet: Quiet) -> None:
    page = opened(open_page, quiet)
    appointment(page).click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", name="Historique")).to_be_visible()
    expect(page).to_have_url(re.compile(f"reservation={quiet.booking}"))
    sheet.get_by_role("button", name="Rendre la place").click()
    expect(sheet.get_by_text("La place est rendue")).to_be_visible()
    page.keyboard.press("Escape")

    expect(sheet).to_be_hidden()
    expect(page).to_have_url(re.compile(re.escape(quiet.address) + "$"))
    expect(free(page, quiet.starts[0])).to_be_visible()
    with Session(quiet.served.engine) as session:
        assert state_of(session, quiet.booking) is State.CANCELLED


def test_what_somebody_else_takes_is_taken_with_no_reload(open_page: OpenPage, quiet: Quiet) -> None:
    page, start = opened(open_page, quiet), quiet.starts[2]
    expect(free(page, start)).to_be_visible()
    with Session(quiet.served.engine) as session, session.begin():
        hold(session, quiet.actor, SlotClaim(resource_id=quiet.agent, start=start), now=datetime.now(UTC))

    expect(free(page, start)).to_have_count(0)
    expect(page.locator(".pj-event--held")).to_be_visible()


def test_hours_are_those_of_the_place_wherever_the_browser_is(open_page: OpenPage, quiet: Quiet) -> None:
    here = opened(open_page, quiet)
    browser = here.context.browser
    assert browser is not None
    far = browser.new_context(
        base_url=quiet.served.url,
        locale="fr-FR",
        timezone_id="Pacific/Noumea",
        viewport={"width": 1440, "height": 900},
        storage_state=here.context.storage_state(),
    )
    try:
        there = far.new_page()
        go(there, quiet.address)
        expect(free(there, quiet.starts[2])).to_be_visible()
        expect(appointment(there)).to_contain_text(said(quiet.starts[0]))
        expect(there.get_by_text("Votre appareil est à une autre heure.")).to_be_visible()
        assert height_of(there) == pytest.approx(height_of(here))
    finally:
        far.close()
    expect(here.get_by_text("Votre appareil est à une autre heure.")).to_have_count(0)


def test_on_a_phone_the_list_comes_first_and_does_everything(open_page: OpenPage, quiet: Quiet) -> None:
    page = opened(open_page, quiet, width=375)
    expect(page.locator(".pj-agenda__grid")).to_be_hidden()
    expect(listed(page, "Déplacer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="Grille").click()
    expect(appointment(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("button", name="Liste").click()
    listed(page, "Ouvrir").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Historique")).to_be_visible()
    page.keyboard.press("Escape")


def test_the_week_and_its_panels_have_no_serious_violation(open_page: OpenPage, quiet: Quiet) -> None:
    page = opened(open_page, quiet)
    expect(appointment(page)).to_be_visible()
    assert serious_in_both_schemes(page) == []
    listed(page, "Déplacer").click()
    expect(page.get_by_label("Nouveau créneau")).to_be_visible()
    assert serious_in_both_schemes(page) == []


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("/agenda/?lieu=999999999", "Cet agenda n’existe pas, ou ne vous est pas accessible."),
        ("/agenda/?lieu=%00", "Cet agenda n’existe pas, ou ne vous est pas accessible."),
        ("{agent}&semaine=hier", "Cette semaine ne se lit pas"),
        ("{agent}&semaine=9999-12-31", "Cette semaine ne se lit pas"),
    ],
)
def test_a_bad_address_is_answered_by_a_sentence(open_page: OpenPage, quiet: Quiet, address: str, answer: str) -> None:
    page = open_page(address.format(agent=f"/agenda/?lieu={quiet.agent}"), OFFICER)

    expect(page.get_by_text(answer)).to_be_visible()
