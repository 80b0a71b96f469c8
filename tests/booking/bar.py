"""A bar for tests: lawyers with accounts, and a court that lets them take dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session

from availability.rights import Actor, Right, Role
from availability.sealing import House
from booking.attachment_models import What
from booking.attachments import Sent
from booking.lawyer_looking import Asked
from booking.lawyer_models import LawyerProfile, LawyerRule, Procedure
from portal.identity import Account, AccountRight
from tests.booking.court import SmallCourt
from tests.factories import NOW

HOUSE = House(b"a secret of sixteen bytes or more")
DIVORCE = "20J"
LATER = NOW + timedelta(minutes=1)
SUMMONS = Sent("assignation.pdf", What.SUMMONS, b"%PDF-1.4 fictif", "application/pdf")


def make_lawyer(session: Session, court: SmallCourt, **said: Any) -> Actor:
    """Return one more lawyer, with an account, who acts before a court."""
    number = uuid4()
    name = f"Maître Fictive {str(number)[:4]}"
    session.add(Account(id=number, login=f"{number}@avocat.invalid", name=name))
    session.flush()
    session.add(AccountRight(account_id=number, role=Role.LAWYER, territory_id=court.territory_id))
    values = {"bar": "Barreau de Fiction", "firm": "Cabinet Exemple", "email": f"{number}@avocat.invalid"} | said
    session.add(LawyerProfile(account_id=number, name=name, created_at=NOW, **values))
    session.flush()
    right = Right(Role.LAWYER, frozenset({court.territory_id}))
    return Actor(number, name, (right,), court.territory_id)


def make_rule(session: Session, court: SmallCourt, **said: Any) -> LawyerRule:
    """Return what the court lets lawyers take: on the merits, families, twenty minutes, unless said otherwise."""
    values: dict[str, Any] = {"procedure": Procedure.MERITS, "family": "2", "minutes": 20} | said
    rule = LawyerRule(site_id=court.site.id, kind_id=court.kind.id, **values)
    session.add(rule)
    session.flush()
    return rule


def asked_of(court: SmallCourt, nature: str = DIVORCE, procedure: Procedure = Procedure.MERITS) -> Asked:
    """Return what a lawyer asks of the court."""
    return Asked(site_id=court.site.id, procedure=procedure, nature=nature)
