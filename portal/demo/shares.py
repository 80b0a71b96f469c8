"""What the judges of Lyon have to share out: mediations for the families of the Rhône, guardians for its adults.

One case asks for a language that nobody speaks there: the page says what would place it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from availability.gazetteer import best_commune
from portal.demo.accounts import Accounts
from portal.demo.sheets import Sheet

TOWNS = (
    "Lyon", "Villeurbanne", "Vénissieux", "Caluire-et-Cuire", "Bron", "Saint-Priest", "Vaulx-en-Velin", "Oullins",
    "Rillieux-la-Pape", "Meyzieu", "Décines-Charpieu", "Givors", "Tarare", "Villefranche-sur-Saône",
)  # fmt: skip
DEPARTMENT = "69"
NOBODY_SPEAKS = "ukrainien"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The cases of one kind: how many, of which court, and what some ask."""

    kind: str
    court: str
    cases: int
    parties: int
    competences: tuple[str, ...] = ("",)
    languages: tuple[str, ...] = ()


LISTED = (
    Listed(
        kind="mediation-familiale", court="TGILYON", cases=18, parties=2, languages=("arabe", "turc", NOBODY_SPEAKS)
    ),
    Listed(kind="enquete-sociale", court="TGILYON", cases=6, parties=2, languages=("arabe",)),
    Listed(kind="mjpm", court="CALYON", cases=14, parties=1, competences=("tutelle", "curatelle", "sauvegarde")),
)
FIRST_NUMBER = 4_001  # of the case lists of Lyon: far from those of bookings


def cases_to_designate(accounts: Accounts, rng: Random, now: datetime) -> Sheet:
    """Return the lists of Lyon, some cases urgent, the rest listed over the last ten days."""
    sheet = Sheet(
        "case_to_designate",
        "id territory_id kind_id case_ref communes competence languages is_urgent created_at",
        numbered=False,
    )
    number = FIRST_NUMBER
    for listed in LISTED:
        for order in range(listed.cases):
            sheet.add(
                territory_id=accounts.territories[listed.court],
                kind_id=accounts.catalogue.kinds[listed.kind],
                **_case(listed, order, number, rng, now),
            )
            number += 1
    return sheet


def _case(listed: Listed, order: int, number: int, rng: Random, now: datetime) -> dict[str, Any]:
    towns = rng.sample(TOWNS, rng.randint(1, listed.parties))
    found = [best_commune(town, DEPARTMENT) for town in towns]
    return {
        "id": UUID(int=rng.getrandbits(128), version=4),
        "case_ref": f"RG {now.year % 100:02}/{number:05}",
        "communes": [commune.insee for commune in found if commune],
        "competence": listed.competences[order % len(listed.competences)],
        "languages": [listed.languages[order]] if order < len(listed.languages) else [],
        "is_urgent": order in (4, 5),
        "created_at": now - timedelta(days=rng.randint(1, 10), minutes=order),
    }
