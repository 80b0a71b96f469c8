"""Who may be known already, told before a second file is opened; what was typed stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import reflex as rx
from sqlmodel import Session

from availability.rights import Actor
from availability.sealing import House
from booking.duplicates import Alike, Elsewhere, alike, elsewhere, sought_of
from booking.persons import NewPerson
from portal.settings import secret_key, settings

el = rx.el
BLOCK = "deja-connue"  # where the focus goes


def known_already(
    session: Session, actor: Actor, new: NewPerson, regions: Sequence[str], at: datetime
) -> tuple[list[Alike], list[Elsewhere]]:
    """Return who of the actor's may be the person typed, and the other services that hold a file of theirs."""
    sought = sought_of(new, regions, house=House(secret_key()), fiction=settings().demo)
    return alike(session, actor, sought), elsewhere(session, actor, sought, now=at)


def why_words(one: Alike) -> str:
    """Return what makes somebody maybe the same."""
    signs = (
        (one.same_day, "même date de naissance"),
        (one.same_number, "même téléphone"),
        (one.same_file, "même numéro de dossier"),
    )
    found = [words for is_so, words in signs if is_so]
    return ", ".join(found) or "date de naissance proche"


def known_part(state: Any, *, on_chosen: Any = None) -> rx.Component:
    """Return who may be the same, each with what to do; the last button goes on with a new file."""
    asked = el.div(
        el.p(
            rx.cond(
                state.known.length() > 0,
                "Cette personne est peut-être déjà connue.",
                "Un autre service suit une personne du même nom, née le même jour.",
            ),
            class_name="fr-text--bold fr-mb-1w",
        ),
        el.ul(
            rx.foreach(state.known, lambda one: _known(state, one, on_chosen)),
            rx.foreach(state.elsewhere, lambda one: _elsewhere(state, one)),
            class_name="pj-choices",
        ),
        rx.cond(state.asked_said != "", el.p(state.asked_said, role="status", class_name="fr-text--sm")),
        el.button(
            "C’est une autre personne",
            type="submit",
            on_click=state.say_other,
            class_name="fr-btn fr-btn--sm fr-btn--secondary",
        ),
        class_name="pj-known",
    )
    return el.div(
        rx.cond((state.known.length() > 0) | (state.elsewhere.length() > 0), asked),
        id=BLOCK,
        tab_index=-1,
        role="alert",
    )


def _known(state: Any, one: Any, on_chosen: Any) -> rx.Component:
    event = state.pick_known(one.id)
    return el.li(
        el.button(
            el.strong("C’est la même personne : ", one.name),
            el.span(one.detail, class_name="fr-text--sm fr-mb-0"),
            type="button",
            on_click=[event, on_chosen] if on_chosen else event,
            class_name="pj-choice",
        )
    )


def _elsewhere(state: Any, one: Any) -> rx.Component:
    return el.li(
        el.button(
            el.strong("Demander le dossier à ", one.name),
            el.span("Il répond dans les dix jours ; sans réponse, le dossier passe.", class_name="fr-text--sm fr-mb-0"),
            type="button",
            on_click=state.ask_file(one.id),
            class_name="pj-choice",
        )
    )
