"""The part of the page of hours that says how long appointments are, how often they begin, and how many at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import reflex as rx

from availability.errors import Refusal
from availability.grids import LIMITS, OwnGrid, set_grid
from booking.errors import OutOfDate
from booking.hours import set_grid_known
from booking.pages import hours_cut as cut
from booking.pages.hours_drawing import why
from booking.pages.hours_state import HoursState
from booking.question import form_of, text_of
from portal import clock
from portal.database import act
from portal.policy import SIGNED_IN, allow, current_actor
from portal.ui.notice import NoticeState
from portal.ui.pieces import field

el = rx.el


class HoursCut(HoursState):
    """What is typed of how openings are cut, until it is saved."""

    @allow(SIGNED_IN)
    @rx.event
    async def weigh(self, name: str, typed: str) -> None:
        """Say what a week would give with what is typed."""
        if self._hours and isinstance(name, str) and name in LIMITS:
            self.cut_typed = {**self.cut_typed, name: text_of(typed)[:12]}
            self._weigh()

    @allow(SIGNED_IN)
    @rx.event
    async def set_cut(self, form: dict[str, Any]) -> None:
        """Set how openings are cut; what was taken stands."""
        if not self._hours:
            return
        self.cut_typed = _typed(form_of(form))
        wanted = self._weigh()
        if wanted is None:
            self._focus(next(name for name in LIMITS if self.cut_problems[name]))
            return
        hours = self._hours[0]
        if wanted == hours.grid:
            return
        resource_id = hours.receiver.resource_id
        setting = partial(set_grid_known, known=hours.grid)
        notice = await self.get_state(NoticeState)
        try:
            before = await act(setting, await current_actor(self), resource_id, wanted, now=clock.now())
        except OutOfDate:
            await self._read(keeps=self.is_changed)
            notice.show_error("Quelqu’un a changé ces durées entre-temps : voici les siennes.")
            return
        except Refusal as refusal:
            notice.show_error(why(refusal))
            return
        self._push(partial(set_grid, resource_id=resource_id, grid=before))
        await self._read(keeps=self.is_changed)
        notice.show_success("Durée et pas enregistrés. Les rendez-vous déjà pris restent.", undo_label="Annuler")

    def _weigh(self) -> OwnGrid | None:
        wanted, self.cut_problems = cut.read_grid(self.cut_typed)
        hours = self._hours[0]
        self.cut_effect = "" if wanted is None else cut.effect_words(hours, wanted, hours.rules)
        return wanted


def appointments() -> rx.Component:
    """Return the fields, folded, with what a week gives."""
    state = HoursCut
    form = rx.el.form(
        el.div(*[_number(name) for name in LIMITS], class_name="pj-hours__pair"),
        el.p(state.cut_effect, role="status", class_name="fr-text--sm"),
        el.button("Enregistrer la durée et le pas", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=state.set_cut,
        no_validate=True,
        class_name="pj-form fr-mt-2w",
    )
    return el.details(
        el.summary(el.h2("Durée et pas des rendez-vous", class_name="fr-h6 fr-mb-0 pj-hours__fold")),
        form,
        class_name="pj-why fr-mt-4w",
    )


# No debounce: it is one for all the fields, and what was typed in the first would be lost by going to the second.
def _number(name: str) -> rx.Component:
    state = HoursCut
    return field(
        cut.LABELS[name],
        name,
        hint=state.cut_hints[name],
        error=state.cut_problems[name],
        default_value=state.cut_typed[name],
        key=name + state.cut_version.to_string(),
        on_change=lambda typed: state.weigh(name, typed),
        input_mode="numeric",
        auto_complete="off",
        max_length=cut.LONGEST,
    )


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    return {name: text_of(form.get(name, ""))[:12] for name in LIMITS}
