"""Bookings, an establishment and one's day, in a real browser: found, opened, confirmed, given back, printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import NightsClaim
from availability.errors import Refusal
from availability.models import Territory, TerritoryLevel
from availability.rights import Actor, Role
from booking.actions import NOBODY_YET, Beneficiary, cancel, confirm, hold
from booking.models import Booking, State
from portal.actors import COOKIE
from portal.identity import Account, AccountRight
from portal.sign_in import actor_of_account, sign_in
from tests.conftest import go
from tests.end_to_end.judging import serious_in_both_schemes, violations
from tests.served import Served

OpenPage = Callable[..., Page]
OFFICER = Role.PROBATION_OFFICER
CASE = "RG 99/00042"
A_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
DROPPED = """() => {
    const bytes = [137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, ...Array(21).fill(0),
        73, 69, 78, 68, 174, 66, 96, 130];
    const dropped = new DataTransfer();
    dropped.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
    return dropped;
}"""
LIVE = (State.HELD, State.REQUESTED, State.BOOKED)
ACCOUNT = text("""
    SELECT a.id FROM account a JOIN account_right r ON r.account_id = a.id
    WHERE r.role = :role AND a.is_active ORDER BY a.login LIMIT 1""")
SECTIONS = text("""
    SELECT r.id, r.site_id FROM resource r JOIN site s ON s.id = r.site_id JOIN kind k ON k.id = r.kind_id
    WHERE k.shape = 'nights' AND s.territory_id = ANY(:territories) ORDER BY r.id""")


@dataclass
class Stay:
    """A bed taken for the officer of the demonstration, some months ahead."""

    id: UUID
    site_id: int
    first: date

    @property
    def sheet(self) -> str:
        """Return the address of its sheet."""
        return f"/reservations/?reservation={self.id}"


@pytest.fixture
def take(served: Served) -> Iterator[Callable[..., Stay]]:
    """Takes a bed for the officer; everything is given back at the end."""
    taken: list[UUID] = []

    def taking(
        whom: Beneficiary = NOBODY_YET, *, is_confirmed: bool = False, days: int = 150, beside: Stay | None = None
    ) -> Stay:
        with Session(served.engine) as session, session.begin():
            actor, now = officer(session), datetime.now(UTC)
            first = now.date() + timedelta(days=days)
            booking, site_id = first_free(session, actor, first, whom, now, site_id=beside.site_id if beside else 0)
            if is_confirmed:
                confirm(session, actor, booking.id, now=now)
            taken.append(booking.id)
            return Stay(booking.id, site_id, first)

    yield taking
    with Session(served.engine) as session, session.begin():
        for booking_id in taken:
            if state_of(session, booking_id) in LIVE:
                cancel(session, officer(session), booking_id, now=datetime.now(UTC))


def officer(session: Session) -> Actor:
    """Return the officer as whom pages are opened."""
    account = session.get_one(Account, session.execute(ACCOUNT, {"role": OFFICER}).scalar_one())
    actor = actor_of_account(session, account)
    assert actor is not None
    return actor


def first_free(
    session: Session, actor: Actor, first: date, whom: Beneficiary, now: datetime, *, site_id: int = 0
) -> tuple[Booking, int]:
    """Hold the first bed that is free for three nights, on a site when one is given."""
    sections = session.execute(SECTIONS, {"territories": sorted(actor.territories([OFFICER]))}).all()
    for section in [one for one in sections if site_id in (0, one.site_id)]:
        claim = NightsClaim(resource_id=section.id, first=first, until=first + timedelta(days=3))
        try:
            with session.begin_nested():
                return hold(session, actor, claim, now=now, beneficiary=whom), section.site_id
        except Refusal:
            continue
    raise AssertionError("no bed is free in the demonstration")


def state_of(session: Session, booking_id: UUID) -> State:
    """Return where a booking stands."""
    return State(session.get_one(Booking, booking_id, populate_existing=True).state)


def stands(served: Served, stay: Stay) -> State:
    """Return where a booking stands for everybody."""
    with Session(served.engine) as session:
        return state_of(session, stay.id)


def sheet_of(page: Page) -> Locator:
    """Return the open sheet, once it is filled."""
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", name="Historique")).to_be_visible()
    return sheet


def test_a_hold_is_found_confirmed_given_back_and_taken_again_with_no_csp_violation(
    open_page: OpenPage, served: Served, take: Callable[..., Stay]
) -> None:
    stay = take()
    page = open_page("/reservations/?etat=a-confirmer", OFFICER, csp=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.locator(f"a[href*='{stay.id}']").click()
    sheet = sheet_of(page)
    expect(page).to_have_url(re.compile(f"reservation={stay.id}"))

    sheet.get_by_role("button", name="Confirmer").click()
    expect(sheet.get_by_text("Indiquez pour qui")).to_be_visible()
    sheet.locator("#case_ref").fill(CASE)
    sheet.get_by_role("button", name="Confirmer").click()
    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    assert stands(served, stay) is State.BOOKED
    sheet.get_by_label("Motif, si la place est rendue").select_option("agent absent")
    sheet.get_by_role("button", name="Rendre la place").click()
    expect(sheet.get_by_text("La place est rendue")).to_be_visible()
    expect(sheet.locator(".pj-about")).to_contain_text("agent absent")
    assert stands(served, stay) is State.CANCELLED
    sheet.get_by_role("button", name="Annuler : reprendre la place").click()

    expect(sheet.locator(".pj-history")).to_contain_text("Vous avez repris la place rendue.")
    said = [line.split("\n")[-1] for line in sheet.locator(".pj-history li").all_inner_texts()]
    assert said == [
        "Vous avez gardé la place.",
        "Vous avez réservé la place.",
        "Vous avez rendu la place (agent absent).",
        "Vous avez repris la place rendue.",
    ]
    assert stands(served, stay) is State.BOOKED
    assert complaints == []


def test_the_filters_the_search_and_the_sheet_live_in_the_address(
    open_page: OpenPage, take: Callable[..., Stay]
) -> None:
    take(Beneficiary(case_ref=CASE), is_confirmed=True)
    page = open_page("/reservations/", OFFICER)
    expect(page.locator(".pj-ledger__open").first).to_be_visible()
    page.get_by_text("À venir", exact=True).click()
    page.wait_for_url("**/reservations/?etat=a-venir")
    page.get_by_role("searchbox").fill(CASE)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=RG*")
    expect(page.get_by_role("status").filter(has_text="1 réservation pour")).to_be_visible()

    page.locator(".pj-ledger__open").click()
    sheet_of(page)
    bookmarked = page.url
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(re.compile(re.escape("etat=a-venir&q=RG+99%2F00042") + "$"))
    go(page, bookmarked)
    expect(sheet_of(page)).to_contain_text(f"dossier {CASE}")
    page.go_back()

    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_row_opens_and_closes_by_keyboard_and_the_focus_comes_back(
    open_page: OpenPage, take: Callable[..., Stay]
) -> None:
    stay = take()
    page = open_page("/reservations/?etat=a-confirmer", OFFICER)
    page.get_by_role("searchbox").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if str(stay.id) in (page.evaluate("document.activeElement.href || ''")):
            break
    page.keyboard.press("Enter")
    sheet_of(page)
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(f"a[href*='{stay.id}']")).to_be_focused()


def test_forty_lines_then_forty_more_and_the_sheet_keeps_them(open_page: OpenPage) -> None:
    page = open_page("/reservations/", OFFICER)
    rows = page.locator(".pj-ledger tbody tr")
    expect(rows).to_have_count(40)
    page.get_by_role("button", name="Afficher 40 de plus").click()
    expect(rows).to_have_count(80)

    rows.nth(60).locator("a").click()
    sheet_of(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(rows).to_have_count(80)
    references = page.locator(".pj-ledger__open").evaluate_all("links => links.map(link => link.href)")
    assert len(set(references)) == 80


@pytest.mark.parametrize("asked", ["pas-un-numero", "00000000-0000-4000-8000-000000000000", "%00", "'; DROP TABLE"])
def test_a_sheet_that_does_not_exist_says_so(open_page: OpenPage, asked: str) -> None:
    page = open_page(f"/reservations/?reservation={asked}", OFFICER)

    expect(page.get_by_role("dialog")).to_contain_text("n’existe pas, ou ne vous est pas accessible")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/reservations/?etat=nimporte", "Ce filtre n’existe pas"),
        ("/reservations/?q=%00%F0%9F%98%80zzzzzz", "Rien ne correspond"),
        ("/etablissement/?id=abc", "n’existe pas, ou ne vous est pas accessible"),
        ("/etablissement/?id=999999999", "n’existe pas, ou ne vous est pas accessible"),
        ("/etablissement/?id=1&du=hier", "Cette date ne se lit pas"),
    ],
)
def test_a_bad_address_is_answered_by_a_sentence(open_page: OpenPage, address: str, said: str) -> None:
    page = open_page(address, OFFICER)

    expect(page.get_by_text(said).first).to_be_visible()


def test_the_establishment_shows_the_stay_where_it_is_and_only_to_whom_it_may(
    open_page: OpenPage, served: Served, take: Callable[..., Stay]
) -> None:
    stay = take(Beneficiary(case_ref=CASE), is_confirmed=True)
    address = f"/etablissement/?id={stay.site_id}&du={stay.first.isoformat()}"
    page = open_page(address, OFFICER)
    bar = page.locator(f".pj-grid a[href$='{stay.id}']")
    expect(bar).to_be_visible()
    cell = bar.locator("xpath=ancestor::td")
    assert cell.get_attribute("colspan") == "3"
    assert page.locator(".pj-grid thead th[scope=col]").count() == 29
    assert bar.locator("xpath=ancestor::tr/th").get_attribute("scope") == "row"

    elsewhere = page.context.browser.new_context(base_url=served.url)  # type: ignore[union-attr]
    elsewhere.add_cookies([{"name": COOKIE, "value": token_elsewhere(served), "url": served.url, "httpOnly": True}])
    other = elsewhere.new_page()
    go(other, address)
    expect(other.locator(".pj-stay--other").first).to_be_attached()
    assert other.locator(".pj-grid a").count() == 0
    assert CASE not in other.content()
    elsewhere.close()


def token_elsewhere(served: Served) -> str:
    """Return the sign-in of an officer whose territories are all others."""
    query = text("""
        SELECT r.account_id FROM account_right r JOIN account a ON a.id = r.account_id
        WHERE r.role = :role AND r.territory_id <> ALL(:mine) ORDER BY a.login DESC LIMIT 1""")
    with Session(served.engine) as session, session.begin():
        mine = sorted(officer(session).territories([OFFICER]))
        account_id = session.execute(query, {"role": OFFICER, "mine": mine}).scalar_one()
        return sign_in(session, account_id, datetime.now(UTC), hours=1)


def test_the_grid_follows_what_others_do_and_moves_by_four_weeks(
    open_page: OpenPage, take: Callable[..., Stay]
) -> None:
    probe = take(days=150)
    page = open_page(f"/etablissement/?id={probe.site_id}&du={probe.first.isoformat()}", OFFICER)
    expect(page.locator(f"a[href$='{probe.id}'].pj-stay--held")).to_be_visible()

    second = take(days=154, beside=probe)
    expect(page.locator(f"a[href$='{second.id}']")).to_be_visible()
    page.get_by_role("link", name="4 semaines après").click()
    page.wait_for_url(f"**du={(probe.first + timedelta(days=28)).isoformat()}")
    expect(page.locator(f"a[href$='{probe.id}']")).to_have_count(0)
    page.get_by_role("link", name="Aujourd’hui").click()

    expect(page.locator(".pj-grid__today")).to_be_attached()


def test_the_grid_is_printed_in_landscape_with_its_curve_once(open_page: OpenPage) -> None:
    page = open_page("/etablissement/?id=1", OFFICER)
    expect(page.locator(".pj-grid")).to_be_visible()
    pdf = page.pdf(prefer_css_page_size=True)

    boxes = [[float(side) for side in box.split()] for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)]
    assert boxes
    assert all(width > height for _, _, width, height in boxes)
    page.emulate_media(media="print")
    assert page.locator(".fr-header").is_hidden()
    assert page.locator(".pj-house__links").is_hidden()


@pytest.mark.parametrize("width", [1440, 375])
def test_the_names_of_the_beds_stay_in_sight_while_the_nights_scroll(open_page: OpenPage, width: int) -> None:
    page = open_page("/etablissement/?id=1", OFFICER, width=width)
    bed = page.locator("tbody .pj-grid__bed").first
    expect(bed).to_be_visible()
    before = bed.bounding_box()
    page.locator(".pj-grid__scroll").evaluate("region => region.scrollLeft = 300")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert bed.bounding_box() == before


def test_ones_day_leads_to_the_hold_that_waits(open_page: OpenPage, take: Callable[..., Stay]) -> None:
    stay = take()
    page = open_page("/ma-journee/", OFFICER)
    card = page.locator(".pj-card", has=page.locator(f"a[href$='{stay.id}']"))
    expect(card).to_contain_text("Gardée encore")
    expect(card.locator(".pj-countdown")).to_have_text(re.compile(r"^\d+:\d\d$"))
    card.get_by_role("link").first.click()

    expect(sheet_of(page)).to_contain_text("Gardée encore")


@pytest.fixture
def newcomer(served: Served) -> Iterator[str]:
    """The sign-in of an officer of a territory where nothing ever happened."""
    with Session(served.engine) as session, session.begin():
        territory = Territory(code="VIDE", name="Ressort vide", level=TerritoryLevel.JUDICIAL_COURT)
        account = Account(login="jour-vide", name="Lou Vacance")
        session.add_all([territory, account])
        session.flush()
        session.add(AccountRight(account_id=account.id, role=OFFICER, territory_id=territory.id))
        session.flush()
        token = sign_in(session, account.id, datetime.now(UTC), hours=1)
    yield token
    with Session(served.engine) as session, session.begin():
        for statement in ("DELETE FROM account WHERE login = 'jour-vide'", "DELETE FROM territory WHERE code = 'VIDE'"):
            session.execute(text(statement))


def test_nothing_looks_intended(open_page: OpenPage, served: Served, newcomer: str) -> None:
    page = open_page("/")
    page.context.add_cookies([{"name": COOKIE, "value": newcomer, "url": served.url, "httpOnly": True}])
    for address, said in (
        ("/ma-journee/", "Tout est à jour."),
        ("/reservations/", "Aucune réservation pour l’instant"),
        ("/etablissement/", "Aucun établissement avec des lits"),
    ):
        go(page, address)
        expect(page.get_by_text(said)).to_be_visible()


def test_the_calendar_file_is_for_its_own_service_only(served: Served, take: Callable[..., Stay]) -> None:
    stay = take(Beneficiary(case_ref=CASE), is_confirmed=True)
    address = f"/reservations/{stay.id}.ics"
    with served.client(OFFICER) as client:
        answer = client.get(address)
        unknown = client.get("/reservations/00000000-0000-4000-8000-000000000000.ics")
        garbage = client.get("/reservations/garbage.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert f"DTSTART;VALUE=DATE:{stay.first:%Y%m%d}" in answer.text
    assert "liberté" not in answer.text.lower()
    assert CASE not in answer.text

    headers = {"Cookie": f"{COOKIE}={token_elsewhere(served)}"}
    with served.client() as nobody, served.client(Role.PARTNER) as partner:
        assert nobody.get(address, headers=headers).status_code == 404
        assert nobody.get(address).status_code == 303
        assert partner.get(address).status_code == 403
    assert (unknown.status_code, garbage.status_code) == (404, 404)


SETTLED_GRID = ".pj-house:not(.pj-dimmed) .pj-grid"


def test_the_open_sheet_and_the_grid_have_no_serious_violation(open_page: OpenPage, take: Callable[..., Stay]) -> None:
    stay = take()
    page = open_page("/", OFFICER)
    # A sheet that slides in has colours of its own; so has a grid that waits for the server.
    page.emulate_media(reduced_motion="reduce")
    for address, ready in ((stay.sheet, ".pj-history"), (f"/etablissement/?id={stay.site_id}", SETTLED_GRID)):
        go(page, address)
        page.wait_for_selector(ready)
        assert serious_in_both_schemes(page) == []


def test_a_file_is_joined_dropped_refused_with_why_removed_and_put_back(
    open_page: OpenPage, take: Callable[..., Stay]
) -> None:
    stay = take(Beneficiary(case_ref=CASE), is_confirmed=True, days=190)
    page = open_page(stay.sheet, OFFICER)
    files = sheet_of(page).get_by_role("region", name="Fichiers")
    expect(files.get_by_text("Aucun fichier joint.")).to_be_visible()

    files.get_by_label("Nature du fichier").select_option("Accord du lieu d’accueil")
    files.get_by_label("Joindre un fichier").set_input_files(
        [
            {"name": "accord signé.pdf", "mimeType": "application/pdf", "buffer": A_PDF},
            {"name": "programme.pdf", "mimeType": "application/pdf", "buffer": b"MZ" + bytes(200)},
        ]
    )

    accord = files.get_by_role("link", name=re.compile("accord signé.pdf"))
    expect(accord).to_contain_text("Accord du lieu d’accueil · PDF")
    expect(
        files.get_by_text(re.compile("programme.pdf.*le contenu n’est pas celui que le nom annonce"))
    ).to_be_visible()
    expect(files.get_by_label("Nature du fichier")).to_have_value("host-agreement")
    with page.expect_download() as download:
        accord.click()
    assert download.value.suggested_filename == "accord signé.pdf"
    assert download.value.path().read_bytes() == A_PDF

    dropped = page.evaluate_handle(DROPPED)
    files.get_by_text("Vous pouvez aussi le déposer").dispatch_event("drop", {"dataTransfer": dropped})
    expect(files.get_by_role("link", name=re.compile("photo.png"))).to_be_visible()

    remove = files.get_by_role("button", name=re.compile("Retirer.*accord signé"))
    remove.press("Enter")
    expect(accord).to_have_count(0)
    files.get_by_role("button", name="Annuler", exact=True).click()
    expect(accord).to_be_visible()
    expect(sheet_of(page).get_by_text("avez remis le fichier retiré")).to_be_visible()
    assert violations(page, within="dialog") == []
