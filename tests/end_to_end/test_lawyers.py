"""A lawyer takes a date by keyboard, has its proof, gives it back; one who is refused reads why, and has a proof."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from availability.rights import Role
from tests.booking.test_attachments import A_PDF
from tests.conftest import go
from tests.end_to_end.judging import serious
from tests.served import Served

OpenPage = Callable[..., Page]
ONCE = {"Content-Disposition": "attachment; filename*=UTF-8''assignation.pdf", "Idempotency-Key": "a-key-of-this-test"}
AS_IT_WAS = """
    CREATE TEMP TABLE taken ON COMMIT DROP AS
      SELECT booking_id AS id FROM lawyer_date WHERE confirmed_at > now() - interval '1 hour';
    DELETE FROM lawyer_case c USING booking b WHERE b.id IN (SELECT id FROM taken) AND c.case_ref = b.case_ref;
    DELETE FROM date_offer;
    DELETE FROM date_wait;
    DELETE FROM lawyer_date WHERE booking_id IN (SELECT id FROM taken);
    DELETE FROM host_mail WHERE booking_id IN (SELECT id FROM taken);
    DELETE FROM attachment WHERE booking_id IN (SELECT id FROM taken);
    DELETE FROM session_case WHERE holder_id IN (SELECT id FROM taken);
    DELETE FROM booking WHERE id IN (SELECT id FROM taken);
    DELETE FROM lawyer_attempt;
    DELETE FROM host_mail WHERE kind LIKE 'lawyer-%%' OR kind = 'invitation';
    DELETE FROM lawyer_profile WHERE email = 'ursule.journee@avocat.invalid';
    DELETE FROM account WHERE login = 'ursule.journee@avocat.invalid';
    DELETE FROM lawyer_invitation"""
# The last session of Lyon, but for one day: no other test takes a place there.
LAST = text("""
    SELECT h.resource_id, h.max_cases, CAST(h.starts_at AT TIME ZONE s.time_zone AS date) AS day,
           (SELECT count(*) FROM session_case c WHERE c.resource_id = h.resource_id) AS cases
    FROM hearing_session h JOIN resource r ON r.id = h.resource_id AND r.is_active JOIN site s ON s.id = r.site_id
    JOIN kind k ON k.id = r.kind_id JOIN territory t ON t.id = s.territory_id
    WHERE k.code = 'audience-jaf' AND t.code = 'TGILYON' AND NOT EXISTS (SELECT FROM jsonb_object_keys(h.quotas))
      AND h.starts_at < now() + (k.max_ahead_days - 2) * interval '1 day'
      AND NOT EXISTS (SELECT FROM closure x WHERE (x.resource_id = r.id OR x.site_id = s.id)
                      AND x.days @> CAST(h.starts_at AT TIME ZONE s.time_zone AS date))
    ORDER BY h.starts_at DESC, h.resource_id LIMIT 1""")
FILL = text("INSERT INTO session_case (resource_id, minutes, family, holder_id) VALUES (:id, 1, '51', :holder)")
FREE = text("DELETE FROM session_case WHERE holder_id = :holder")
HOLDS = text("UPDATE hearing_session SET max_cases = :most WHERE resource_id = :id")
TELL = text("INSERT INTO change (resource_id) VALUES (:id)")
ANOTHERS = text("""
    SELECT d.booking_id FROM lawyer_date d JOIN account a ON a.id = d.account_id
    WHERE a.login = 'hortense.fictive' ORDER BY d.given_on LIMIT 1""")


@pytest.fixture(autouse=True)
def given_back(served: Served) -> Iterator[None]:
    """Leave the dates of the demonstration as they were."""
    yield
    with served.engine.begin() as connection:
        connection.exec_driver_sql(AS_IT_WAS)


def test_a_lawyer_takes_a_date_by_keyboard_and_gives_it_back(open_page: OpenPage, served: Served) -> None:
    page = open_page("/prendre-date/", Role.LAWYER, width=1440)
    page.get_by_label("Tribunal").focus()
    page.keyboard.type("Tribunal judiciaire de Lyon")
    page.keyboard.press("Tab")
    page.keyboard.type("20J")
    page.keyboard.press("Enter")
    expect(page.locator("#date-proposee")).to_be_focused()
    later = datetime.now(UTC).date() + timedelta(days=21)  # a nearer date may be too near to be moved
    go(page, f"{page.url}&depuis={later}")
    expect(page.locator("#date-proposee")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#parties")).to_be_focused()
    expect(page.get_by_text("Gardée pour vous")).to_be_visible()
    page.locator("input[type=file]").set_input_files(
        {"name": "assignation.txt", "mimeType": "text/plain", "buffer": b"rien"}
    )
    expect(page.get_by_text("un projet d’assignation est un PDF")).to_be_visible()
    page.locator("#parties").press("Enter")
    expect(page.get_by_text("Les parties : à renseigner.")).to_be_visible()
    expect(page.locator("#parties")).to_be_focused()
    page.keyboard.type("Journée c/ Fictive")
    page.keyboard.press("Enter")
    expect(page.locator("#date-prise")).to_be_focused()
    assert serious(page) == []
    proof = page.get_by_role("link", name="Ouvrir la preuve").get_attribute("href") or ""
    with served.client(Role.LAWYER) as lawyer, served.client(Role.REGISTRY) as clerk:
        answer = lawyer.get(proof)
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
        assert clerk.get(proof).status_code == 403
        files = f"/api/v1/lawyer-dates/{proof.split('/')[2]}/files"
        sent = [lawyer.post(f"{files}?what=summons", content=A_PDF, headers=ONCE).json()["id"] for _ in range(2)]
        assert [one["id"] for one in lawyer.get(files).json()["items"]] == sent[:1] == sent[1:]
        assert lawyer.delete(f"{files}/{sent[0]}").status_code == 200
    page.get_by_role("link", name="Mes audiences", exact=True).last.click()
    mine = page.get_by_role("listitem").filter(has_text="Journée c/ Fictive")
    expect(mine).to_contain_text("Projet d’assignation à remettre")
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    mine.get_by_role("button", name="Déplacer").click()
    expect(page.get_by_role("heading", name="Déplacer à")).to_be_focused()
    mine.get_by_role("button", name="Rendre la date").click()
    expect(page.locator("#message")).to_contain_text("La date est rendue")
    page.get_by_role("button", name="Annuler", exact=True).click()
    expect(page.locator("#message")).to_contain_text("La date est à nouveau à vous")


def test_a_lawyer_who_is_refused_reads_why_and_has_a_proof(open_page: OpenPage, served: Served) -> None:
    page = open_page("/prendre-date/", Role.LAWYER)
    page.get_by_label("Tribunal").select_option(label="Tribunal judiciaire de Lyon")
    page.get_by_text("Référé", exact=True).click()
    page.get_by_label("Nature de l’affaire").fill("rien de tel")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Choisissez une nature de la liste")).to_be_visible()
    page.get_by_label("Nature de l’affaire").fill("20J")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Aucune date n’est ouverte")).to_be_visible()
    page.get_by_role("button", name="Obtenir la preuve datée").click()
    proof = page.get_by_role("link", name="Ouvrir la preuve").get_attribute("href") or ""
    with served.client(Role.LAWYER) as lawyer:
        assert lawyer.get(proof).content[:5] == b"%PDF-"


@contextlib.contextmanager
def one_full_session(served: Served) -> Iterator[tuple[str, Callable[[], None]]]:
    """Fill a session with one case more; yield its day, and what frees the place of that case."""
    holder = uuid4()
    with served.engine.begin() as connection:
        last = connection.execute(LAST).one()
        connection.execute(FILL, {"id": last.resource_id, "holder": holder})
        connection.execute(HOLDS, {"id": last.resource_id, "most": last.cases + 1})

    def free() -> None:
        with served.engine.begin() as connection:
            connection.execute(FREE, {"holder": holder})
            connection.execute(TELL, {"id": last.resource_id})

    yield last.day.isoformat(), free
    free()
    with served.engine.begin() as connection:
        connection.execute(HOLDS, {"id": last.resource_id, "most": last.max_cases})


def test_a_lawyer_waits_for_a_full_date_from_the_calendar_and_takes_what_frees(
    open_page: OpenPage, served: Served
) -> None:
    with one_full_session(served) as (day, free):
        page = open_page("/prendre-date/", Role.LAWYER, width=375)
        page.get_by_label("Tribunal").select_option(label="Tribunal judiciaire de Lyon")
        page.get_by_label("Nature de l’affaire").fill("20J")
        page.keyboard.press("Enter")
        expect(page.locator("#date-proposee")).to_be_focused()
        chosen = page.locator(f"#jour-{day}")
        for _ in range(24):
            if chosen.is_visible():
                break
            shown = page.locator(".pj-dates__month--shown caption").inner_text()
            page.get_by_role("button", name="Mois suivant").click()
            expect(page.locator(".pj-dates__month--shown caption")).not_to_have_text(shown)
        chosen.press("Enter")
        expect(page.locator("#jour-choisi")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        assert serious(page) == []
        page.get_by_role("button", name="Attendre une place").click()
        expect(page.locator("#message")).to_contain_text("personne avant vous")
        expect(page.get_by_role("region", name="Sur liste d’attente")).to_contain_text("Rang 1")
        free()
        held = page.get_by_role("region", name="Gardée pour vous")
        expect(held.get_by_role("button", name="Prendre cette date")).to_be_visible()
        held.get_by_role("button", name="Prendre cette date").press("Enter")
        expect(page.locator("#parties")).to_be_focused()
        page.keyboard.type("Attente c/ Fictive")
        page.keyboard.press("Enter")
        expect(page.locator("#date-prise")).to_be_focused()
        expect(held).to_have_count(0)


def test_a_registry_invites_a_lawyer_who_has_nothing_of_another_and_releases_a_date(
    open_page: OpenPage, served: Served
) -> None:
    page = open_page("/avocats/", Role.REGISTRY)
    page.get_by_role("button", name="Libérer la date").first.click()
    expect(page.locator("#message")).to_contain_text("La date est libérée")
    page.get_by_role("button", name="Annuler", exact=True).click()
    expect(page.locator("#message")).to_contain_text("La date est à nouveau à son avocat")
    page.get_by_label("Nom de l’avocat").fill("Ursule Journée")
    page.get_by_label("Adresse électronique").fill("ursule")
    page.keyboard.press("Enter")
    expect(page.get_by_text("n’est pas une adresse")).to_be_visible()
    page.get_by_label("Adresse électronique").fill("ursule.journee@avocat.invalid")
    page.keyboard.press("Enter")
    invitation = page.locator("code").filter(has_text="/invitation/").first.inner_text().removeprefix(served.url)
    with served.engine.connect() as connection:
        another = connection.execute(ANOTHERS).scalar_one()
    with served.client() as lawyer:
        assert "Ursule Journée" in lawyer.get(invitation).text
        typed = {"password": "un mot de passe fictif", "again": "un autre mot de passe"}
        assert lawyer.post(invitation, data=typed).status_code == 422
        typed["again"] = typed["password"]
        assert "Votre compte est ouvert" in lawyer.post(invitation, data=typed).text
        assert lawyer.post(invitation, data=typed).status_code == lawyer.get(invitation).status_code == 410
        signed_in = {"login": "ursule.journee@avocat.invalid", "password": typed["password"]}
        assert lawyer.post("/auth/login", data=signed_in).headers["Location"] == "/prendre-date/"
        files = f"/api/v1/lawyer-dates/{another}/files"
        for address in (f"/mes-audiences/{another}/preuve.pdf", files, f"/prendre-date/tentatives/{another}.pdf"):
            assert lawyer.get(address).status_code == 404
        assert lawyer.get(f"/api/v1/bookings/{another}").status_code == 404
        assert lawyer.get("/api/v1/bookings").json()["items"] == []
        assert lawyer.get("/api/v1/persons?name=a").status_code == 403
