"""Files linked to bookings in the demonstration: one page each, which says that it is fictional."""

from __future__ import annotations

from datetime import datetime

from fpdf import FPDF
from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.sealing import House
from booking.attachment_models import What
from booking.attachments import Sent, attach
from booking.vault import Vault
from portal.identity import Account
from portal.sign_in import actor_of_account

GUEST = "camille.exemple"
EACH = 2
# What she has coming of each: what a judge decided of the beds, what the host agreed to of the posts.
KINDS = (
    ("semi-liberte", What.JUDGMENT, "Jugement fictif.pdf", "Jugement"),
    ("tig", What.HOST_AGREEMENT, "Accord fictif du lieu.pdf", "Accord du lieu"),
)
COMING = text("""
    SELECT b.id FROM booking b JOIN kind k ON k.id = b.kind_id JOIN account a ON a.id = b.requested_by
    WHERE a.login = :guest AND k.code = :kind AND b.state = 'booked' AND b.first_on >= CAST(:now AS date)
    ORDER BY b.first_on, b.id LIMIT :most""")


def attach_files(session: Session, *, house: House, vault: Vault, now: datetime) -> int:
    """Link a file to some bookings of a guest, as they would have, and return how many."""
    actor = actor_of_account(session, session.exec(select(Account).where(col(Account.login) == GUEST)).one())
    count = 0
    for kind, what, name, title in KINDS:
        sent = Sent(name, what, fictional(title, now), "application/pdf")
        for booking_id in session.execute(COMING, {"guest": GUEST, "kind": kind, "now": now, "most": EACH}).scalars():
            if actor is not None:
                attach(session, actor, booking_id, sent, house=house, vault=vault, now=now)
                count += 1
    return count


def fictional(title: str, now: datetime) -> bytes:
    """Return a page of PDF that nobody can take for a real one."""
    page = FPDF()
    page.set_creation_date(now)
    page.set_title(f"{title} (document fictif)")
    page.add_page()
    page.set_font("helvetica", style="B", size=28)
    page.multi_cell(0, 16, f"{title}\nDOCUMENT FICTIF", align="C", new_x="LMARGIN", new_y="NEXT")
    page.set_font("helvetica", size=13)
    words = "Ce fichier vient de la démonstration de PlaceJuste. Il ne décide rien et ne concerne personne."
    page.multi_cell(0, 10, words, align="C")
    return bytes(page.output())
