"""A bracelet in a real browser: asked for, offered, booked, seen in the round on a phone, noted and corrected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.end_to_end.judging import serious
from tests.served import Served

OpenPage = Callable[..., Page]
AGENT = Role.MONITORING_AGENT
ADDRESS = "7 rue des Tilleuls, 69100 Villeurbanne"
SOMEBODY = text("""
    SELECT p.family_name, p.given_name FROM person p JOIN territory t ON t.id = p.territory_id
    WHERE t.code = 'TGILYON' ORDER BY p.created_at, p.id LIMIT 1""")
LAST = text("SELECT max(created_at) FROM fitting_request")
NEW = text("""
    SELECT f.id, b.id AS booking_id, b.resource_id, b.state FROM fitting_request f
    LEFT JOIN fitting_visit v ON v.request_id = f.id LEFT JOIN booking b ON b.id = v.booking_id
    WHERE f.created_at > :since ORDER BY v.at DESC LIMIT 1""")
CONSULTED = text("SELECT count(*) FROM consultation WHERE reason = :reason")
# A stop can only be noted once it has begun: the hour comes to it.
BEGUN = text("UPDATE booking SET starts_at = :start, ends_at = :end WHERE id = :id")
BUSY = text("""
    SELECT b.resource_id, CAST(b.starts_at AT TIME ZONE s.time_zone AS date) AS day, count(*) AS stops
    FROM fitting_visit v JOIN booking b ON b.id = v.booking_id JOIN resource r ON r.id = b.resource_id
    JOIN site s ON s.id = r.site_id JOIN territory t ON t.id = s.territory_id
    WHERE t.code = 'TGILYON' AND b.state IN ('booked', 'honoured', 'missed')
    GROUP BY 1, 2 ORDER BY 3 DESC, 2, 1 LIMIT 1""")
FORGET = (
    "DELETE FROM fitting_visit WHERE request_id = :id",
    "DELETE FROM seat_time WHERE holder_id = :booking",
    "DELETE FROM booking WHERE id = :booking",
    "DELETE FROM fitting_request WHERE id = :id",
)


@pytest.fixture
def new_request(served: Served) -> Iterator[Callable[[], tuple[UUID, UUID | None, int | None, str | None]]]:
    """Reads the request made during the test, with its booking; both are gone at the end of it."""
    with served.engine.connect() as connection:
        since = connection.execute(LAST).scalar_one()

    def read() -> tuple[UUID, UUID | None, int | None, str | None]:
        with served.engine.connect() as connection:
            row = connection.execute(NEW, {"since": since}).one()
        return row.id, row.booking_id, row.resource_id, row.state

    yield read
    with served.engine.begin() as connection:
        for row in connection.execute(NEW, {"since": since}).all():
            for statement in FORGET:
                connection.execute(text(statement), {"id": row.id, "booking": row.booking_id})


def counted(served: Served, reason: str) -> int:
    with served.engine.connect() as connection:
        return int(connection.execute(CONSULTED, {"reason": reason}).scalar_one())


def ask_for_a_fitting(page: Page, served: Served) -> None:
    """Fill the form of a new request, and save it by keyboard."""
    with served.engine.connect() as connection:
        family, given = connection.execute(SOMEBODY).one()
    page.get_by_label("Pour qui ?").fill(f"{given} {family}")
    expect(page.locator(".pj-picker .pj-choice").first).to_be_visible()
    page.get_by_label("Pour qui ?").press("ArrowDown")
    page.get_by_label("Pour qui ?").press("Enter")
    expect(page.get_by_role("button", name="Changer de personne")).to_be_visible()
    # The address of the file comes by itself, and another one takes its place.
    expect(page.get_by_label("Adresse", exact=False).first).not_to_have_value("")
    page.locator("#address").fill(ADDRESS)
    expect(page.get_by_text("Villeurbanne (69) – centre de la commune seulement").first).to_be_visible()
    expect(page.get_by_text(re.compile("À poser au plus tard le"))).to_be_visible()
    page.get_by_role("button", name="Enregistrer et voir les créneaux").press("Enter")


def boxes(found: Locator) -> list[FloatRect]:
    """Return where these are on the page, once nothing moves: what was drawn twice at the same place."""
    seen: list[FloatRect] = []
    for _ in range(150):
        found.page.wait_for_timeout(100)
        before, seen = seen, [box for one in found.all() if (box := one.bounding_box())]
        if seen and seen == before:
            return seen
    raise AssertionError("they never come to rest")


def sheet_of(page: Page) -> Locator:
    """Return the open sheet, once it is filled."""
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text("Date limite", exact=True)).to_be_visible()
    return sheet


def test_a_fitting_is_asked_for_booked_and_undone_by_keyboard_with_no_csp_violation(
    open_page: OpenPage, served: Served, new_request: Callable[[], tuple[UUID, UUID | None, int | None, str | None]]
) -> None:
    page = open_page("/demandes-de-pose/nouvelle/", AGENT, csp=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    ask_for_a_fitting(page, served)
    sheet = sheet_of(page)
    expect(sheet.get_by_text(ADDRESS)).to_be_visible()
    assert new_request()[1] is None

    sheet.locator(".pj-best .pj-offer").first.press("Enter")
    expect(sheet.get_by_text("C’est réservé.")).to_be_visible()
    assert new_request()[3] == "booked"
    sheet.get_by_role("button", name="Annuler", exact=True).press("Enter")
    expect(sheet.get_by_text("C’est annulé.")).to_be_visible()
    assert new_request()[3] == "cancelled"
    expect(sheet.locator(".pj-best .pj-offer").first).to_be_visible()
    assert serious(page) == []
    sheet.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert complaints == []


def test_what_is_wrong_in_the_form_is_counted_and_named_and_nothing_typed_is_lost(open_page: OpenPage) -> None:
    page = open_page("/demandes-de-pose/nouvelle/", AGENT)
    for name in ("opens_0", "until_0"):
        page.locator(f"#{name}").fill("")
    page.locator("#opens_1").fill("10:15")
    page.get_by_role("button", name="Enregistrer et voir les créneaux").click()

    expect(page.get_by_text("2 champs sont à corriger.")).to_be_visible()
    expect(page.get_by_text("Choisissez la personne, ou créez sa fiche.")).to_be_visible()
    expect(page.locator("#person_search")).to_be_focused()
    expect(page.locator("#opens_1")).to_have_value("10:15")


def test_on_a_phone_a_stop_is_noted_undone_and_corrected(
    open_page: OpenPage, served: Served, new_request: Callable[[], tuple[UUID, UUID | None, int | None, str | None]]
) -> None:
    page = open_page("/demandes-de-pose/nouvelle/", AGENT)
    ask_for_a_fitting(page, served)
    sheet_of(page).locator(".pj-best .pj-offer").first.click()
    expect(page.get_by_text("C’est réservé.")).to_be_visible()
    _, booking_id, team, _ = new_request()
    now = datetime.now(UTC)
    asked = {"id": booking_id, "start": now - timedelta(seconds=40), "end": now - timedelta(seconds=10)}
    with served.engine.begin() as connection:
        connection.execute(BEGUN, asked)
    reads, calls = counted(served, "round"), counted(served, "round-call")

    day = asked["start"].astimezone(ZoneInfo("Europe/Paris")).date()  # just after midnight, it is no longer today
    phone = open_page(f"/tournee/?equipe={team}&jour={day}", AGENT, width=375)
    stop = phone.locator(f"#passage-{booking_id}")
    expect(stop.get_by_text(ADDRESS)).to_be_visible()
    assert counted(served, "round") > reads  # an address shown is a consultation
    way = stop.get_by_role("link", name=re.compile("Itinéraire")).first
    assert str(way.get_attribute("href")).startswith("geo:45.")
    for button in stop.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    assert "tel:" not in stop.inner_html()
    stop.get_by_role("button", name=re.compile("Appeler")).click()
    expect(stop.get_by_role("link", name=re.compile("06"))).to_be_visible()
    expect(phone.locator(f"#contact-{booking_id}")).to_be_focused()
    assert counted(served, "round-call") == calls + 1

    stop.get_by_role("button", name=re.compile("^Posé")).press("Enter")
    expect(stop.locator(".fr-badge")).to_have_text("posé")
    assert new_request()[3] == "honoured"
    expect(phone.locator("#message")).to_be_focused()  # the answer is read out: a key pressed before would go to it
    phone.get_by_role("button", name="Annuler", exact=True).press("Enter")
    expect(phone.locator("#message")).to_contain_text("C’est annulé : le passage est comme avant.")
    expect(stop.locator(".fr-badge")).to_have_text("à faire")
    expect(phone.locator("#message")).to_be_focused()
    stop.get_by_role("button", name=re.compile("^Posé")).press("Enter")
    expect(stop.locator(".fr-badge")).to_have_text("posé")
    stop.get_by_role("button", name=re.compile("Corriger : absent")).press("Enter")

    expect(stop.locator(".fr-badge")).to_have_text("absent")
    assert new_request()[3] == "missed"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 375
    phone.get_by_role("button", name="Carte").click()
    expect(phone.locator(".pj-round__map")).to_be_visible()
    expect(phone.locator(".pj-round__list")).to_be_hidden()


def test_the_days_of_a_round_follow_each_other_and_an_empty_one_says_so(open_page: OpenPage) -> None:
    page = open_page("/tournee/?jour=2031-01-01", AGENT)
    expect(page.get_by_text("Aucun passage ce jour-là")).to_be_visible()

    page.get_by_role("link", name="Lendemain").press("Enter")
    expect(page.get_by_role("heading", name=re.compile("2 janvier 2031"))).to_be_visible()
    page.get_by_role("link", name="Veille").click()
    expect(page.get_by_role("heading", name=re.compile("1er janvier 2031"))).to_be_visible()
    page.get_by_role("link", name="Aujourd’hui").click()
    expect(page.get_by_role("heading", name=re.compile("aujourd’hui"))).to_be_visible()


def test_the_map_of_a_round_has_its_numbered_stops_where_there_is_one(open_page: OpenPage, served: Served) -> None:
    with served.engine.connect() as connection:
        team, day, stops = connection.execute(BUSY).one()
    page = open_page(f"/tournee/?equipe={team}&jour={day}", AGENT, draws=True)

    assert stops > 3
    expect(page.locator(".pj-stop")).to_have_count(stops)
    expect(page.locator(".round-map__stop")).to_have_count(stops)
    middles = [box["x"] + 1j * box["y"] for box in boxes(page.locator(".round-map__stop"))]
    assert min(abs(one - other) for one, other in combinations(middles, 2)) > 30  # none hides another
    page.locator(".round-map__stop").first.dispatch_event("click")
    expect(page.locator(".pj-stop").first).to_have_class(re.compile("pj-stop--lit"))
