"""The demonstration: a fictional country that looks real, the same for the same seed."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from availability.models import Organisation, Territory, TerritoryLevel
from availability.rights import Role
from portal.identity import Account, AccountRight
from portal.sign_in import hash_password

PEOPLE = (
    ("camille.exemple", "Camille Exemple", "Conseillère d’insertion et de probation", Role.PROBATION_OFFICER),
    ("dominique.fictif", "Dominique Fictif", "Juge de l’application des peines", Role.SENTENCE_JUDGE),
    ("claude.modele", "Claude Modèle", "Juge aux affaires familiales", Role.FAMILY_JUDGE),
    ("sacha.echantillon", "Sacha Échantillon", "Greffe du tribunal judiciaire", Role.REGISTRY),
    ("noa.specimen", "Noa Spécimen", "Agent de surveillance électronique", Role.MONITORING_AGENT),
    ("andrea.factice", "Andréa Factice", "Association d’accueil", Role.PARTNER),
    ("lou.demonstration", "Lou Démonstration", "Administration locale", Role.ADMINISTRATOR),
)


def load(session: Session, seed: int, now: datetime) -> None:  # noqa: ARG001
    """Fill an empty database with one account for each role."""
    country = Territory(code="FR", name="France", level=TerritoryLevel.COUNTRY)
    host = Organisation(code="demo-host", name="Association Exemple")
    session.add_all([country, host])
    session.flush()
    password = hash_password("demonstration")
    for login, name, title, role in PEOPLE:
        account = Account(
            login=login,
            name=name,
            title=title,
            password_hash=password,
            organisation_id=host.id if role is Role.PARTNER else None,
        )
        session.add(account)
        session.flush()
        session.add(AccountRight(account_id=account.id, role=role, territory_id=country.id))
