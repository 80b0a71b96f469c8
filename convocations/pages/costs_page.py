"""What messages cost, for administrators: by month, service, kind and destination; and the same as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

import reflex as rx
from babel import Locale
from babel.dates import format_date
from fastapi import APIRouter
from fastapi.responses import Response

from availability.rights import Actor
from booking.pages.ledger_parts import ledger
from booking.pages.outbox_part import detail, outbox_line, told_alert
from booking.pages.widgets import outer_link
from convocations.costs import READERS, Cost, costs, costs_csv
from convocations.pages.convocation_words import MESSAGE_WORDS
from convocations.routes import MICROS
from portal.clock import now
from portal.database import read
from portal.policy import allow, current_actor, page, requires
from portal.settings import settings
from portal.ui.dates import LOCALE, NBSP
from portal.ui.layout import layout
from portal.ui.pieces import empty_state, skeleton

el = rx.el
FILE = "/convocations/couts.csv"
EXPORT = "fr-btn fr-btn--secondary fr-icon-download-line fr-btn--icon-left"
A_YEAR = timedelta(days=365)
HEADINGS = ("Mois", "Service", "Type de message", "Destination", "SMS", "Coût")
NO_PRICE = (
    "Le prix des SMS n’est pas réglé (PLACEJUSTE_SMS_PRICES) : ceux qui partent sans prix sont comptés sans coût."
)

TERRITORIES = Locale.parse(LOCALE).territories

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class CostRow:
    """What left in a month, as displayed."""

    id: str
    month: str
    service: str
    kind: str
    region: str
    segments: str
    messages: str
    cost: str


class CostsState(rx.State):
    """The lines, and their sum."""

    rows: list[CostRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    told: str = ""
    summary: str = ""
    is_loaded: bool = False

    @allow(*READERS)
    @rx.event
    async def load(self) -> None:
        """Show what was spent these last twelve months."""
        listed = await read(costs, await current_actor(self), since=_since())
        self.rows = [row_of(one, number) for number, one in enumerate(listed)]
        self.told = "" if settings().sms_prices or not settings().has_sms else NO_PRICE
        self.summary = summary_of(listed)
        self.is_loaded = True


def summary_of(listed: list[Cost]) -> str:
    """Return what was spent in all, in words."""
    segments, micros = sum(one.segments for one in listed), sum(one.cost_micros for one in listed)
    return f"{_count(segments)}{NBSP}SMS en douze mois, {euros(micros)}."


def row_of(one: Cost, number: int) -> CostRow:
    """Return a line as displayed."""
    messages = f"{_count(one.messages)}{NBSP}message{'s' if one.messages > 1 else ''}"
    return CostRow(
        id=str(number),
        month=format_date(one.month, "MMMM y", locale=LOCALE),
        service=one.service,
        kind=MESSAGE_WORDS[one.kind],
        region=TERRITORIES.get(one.region, one.region) or "à l’écran",
        segments=f"{_count(one.segments)}{NBSP}SMS",
        messages=messages,
        cost=euros(one.cost_micros),
    )


def euros(micros: int) -> str:
    """Return an amount: "1 234,50 €"."""
    return f"{micros / MICROS:,.2f}".replace(",", NBSP).replace(".", ",") + f"{NBSP}€"


@router.get(FILE)
async def costs_file(actor: Annotated[Actor, requires(*READERS)]) -> Response:
    """Return what was spent these last twelve months, for a spreadsheet."""
    listed = await read(costs, actor, since=_since())
    headers = {"Content-Disposition": 'attachment; filename="couts-des-sms.csv"', "Cache-Control": "no-store"}
    return Response(costs_csv(listed, MESSAGE_WORDS), media_type="text/csv; charset=utf-8", headers=headers)


@page(
    "/convocations/couts",
    title="Coûts des SMS",
    roles=READERS,
    part_of="/demandes",
    on_load=(CostsState.load,),
    description="Ce que coûtent les SMS, par mois, service, type de message et destination.",
)
def costs_page() -> rx.Component:
    """Return the page."""
    state = CostsState
    export = outer_link("Télécharger (CSV)", href=FILE, class_name=EXPORT)
    nothing = empty_state("Aucun SMS n’est parti", "Ce que coûtent les messages s’affichera ici, mois par mois.")
    lines = ledger("Coûts, le dernier mois d’abord", HEADINGS, rx.foreach(state.rows, _line))
    table = rx.cond(state.rows.length() > 0, lines, nothing)
    head = el.div(el.p(state.summary, class_name="fr-mb-0"), export, class_name="pj-costs__head")
    return layout(
        told_alert(state.told),
        rx.cond(
            state.is_loaded,
            el.div(rx.cond(state.rows.length() > 0, head), table),
            skeleton(8, "Chargement des coûts…"),
        ),
        title="Coûts des SMS",
        wide=True,
    )


def _line(row: rx.Var[CostRow]) -> rx.Component:
    segments = (row.segments, detail(row.messages))
    return outbox_line(row.id, row.month, row.service, row.kind, row.region, segments, row.cost)


def _since() -> date:
    return (now() - A_YEAR).date()


def _count(number: int) -> str:
    return f"{number:,}".replace(",", NBSP)
