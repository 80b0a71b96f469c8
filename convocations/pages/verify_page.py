"""Whether a statement was made here: whoever is shown one types its mark."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec

from booking.day import time_zone_of
from booking.question import form_of, text_of
from convocations.pages.convene_state import CONVENERS
from convocations.statement import statement_made
from portal.database import read
from portal.policy import allow, current_actor, page
from portal.ui.dates import NBSP, moment
from portal.ui.layout import layout
from portal.ui.pieces import field

el = rx.el
MARK_LENGTH = 64
NOT_OURS = (
    f"Aucun relevé de cette empreinte n’a été établi ici{NBSP}: comparez-la à celle du relevé. Si elle est bien "
    "recopiée, ce relevé ne vient pas d’ici, ou a été modifié."
)


class VerifyState(rx.State):
    """The mark typed, and what is known of it."""

    said: str = ""
    tone: str = ""
    problem: str = ""

    @allow(*CONVENERS)
    @rx.event
    async def load(self) -> None:
        """Begin with nothing said."""
        self.said, self.tone, self.problem = "", "", ""

    @allow(*CONVENERS)
    @rx.event
    async def verify(self, form: dict[str, Any]) -> EventSpec | None:
        """Say whether a statement of this mark was made here; what was typed wrong is focused."""
        mark = "".join(text_of(form_of(form).get("empreinte", "")).split()).lower()
        self.said, self.problem = "", ""
        if len(mark) != MARK_LENGTH or not set(mark) <= set("0123456789abcdef"):
            self.problem = (
                f"Une empreinte a {MARK_LENGTH} signes, chiffres et lettres de a à f{NBSP}: recopiez-la entière."
            )
            return rx.set_focus("empreinte")
        made = await read(statement_made, mark)
        if made is None:
            self.said, self.tone = NOT_OURS, "error"
            return rx.set_focus("empreinte")
        zone = ZoneInfo(await read(time_zone_of, await current_actor(self)))
        what = "d’une personne" if made.of == "person" else "d’une convocation"
        by = f" par {made.by}" if made.by else ""
        self.said, self.tone = f"Ce relevé {what} a été établi ici le {moment(made.at, zone)}{by}.", "success"
        return None


@page(
    "/convocations/verifier",
    title="Vérifier un relevé",
    roles=CONVENERS,
    part_of="/convocations",
    on_load=(VerifyState.load,),
    description="Dire si un relevé a été établi ici, quand, et par qui.",
)
def verify_page() -> rx.Component:
    """Return the page."""
    state = VerifyState
    alert = el.div(el.p(state.said), class_name="fr-alert fr-alert--sm fr-mt-2w fr-alert--" + state.tone)
    return layout(
        rx.el.form(
            field(
                "Empreinte SHA-256",
                "empreinte",
                hint="Elle est à la fin du relevé.",
                error=state.problem,
                auto_complete="off",
                spell_check=False,
                max_length=200,
            ),
            el.button("Vérifier", type="submit", class_name="fr-btn"),
            on_submit=state.verify,
            no_validate=True,
        ),
        el.div(rx.cond(state.said != "", alert), role="status", aria_live="polite"),
        title="Vérifier un relevé",
    )
