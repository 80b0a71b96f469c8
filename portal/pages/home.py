"""The home page: what this is, and, in demonstration, people to sign in as with one click."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx
from reflex.event import EventSpec
from sqlalchemy import text
from sqlmodel import Session

from portal import database
from portal.access import actor_or_none
from portal.policy import PUBLIC, allow, not_an_event, page
from portal.session import SessionState, first_page
from portal.settings import settings
from portal.ui.dsfr import native_form
from portal.ui.layout import layout
from portal.ui.pieces import link_button, skeleton

el = rx.el
STEPS = (
    (
        "Cherchez et réservez",
        "Sur la carte, dites ce qu’il vous faut et quand : la place choisie vous est gardée dix minutes ; confirmez, "
        "et chacun la voit prise.",
    ),
    (
        "Convoquez",
        "Une personne, un créneau, et le SMS tel qu’il sera lu. Ouvrez ensuite son lien, comme sur son téléphone : "
        "confirmez, déplacez, ou dites que vous ne venez pas.",
    ),
    (
        "Revenez en arrière",
        "Rendez une place, annulez une convocation : d’un clic, ce qui était pris est libre, "
        "et l’historique s’en souvient.",
    ),
)
PEOPLE = text(
    "SELECT id, name, title FROM account WHERE is_active AND login = ANY(:logins)"
    " ORDER BY array_position(CAST(:logins AS varchar[]), login)"
)


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as, as displayed."""

    id: str
    name: str
    title: str


def people(session: Session) -> list[Person]:
    """Return the people of the demonstration that one signs in as, in their order."""
    from portal.demo.accounts import GUEST_LOGINS  # only of use in demonstration

    rows = session.execute(PEOPLE, {"logins": list(GUEST_LOGINS)})
    return [Person(str(row.id), row.name, row.title) for row in rows]


class HomeState(rx.State):
    """The people of the demonstration."""

    people: list[Person] = []  # noqa: RUF012 - Reflex copies the default for each client
    is_loaded: bool = False

    @allow(PUBLIC)
    @rx.event
    async def load(self) -> EventSpec | None:
        """Go to one's first page when signed in; else list the people of the demonstration."""
        actor = await actor_or_none(self)
        if actor and (first := first_page(actor)) != "/":
            return rx.redirect(first)
        await self.list_people()
        return None

    @not_an_event
    async def list_people(self) -> None:
        """Show them, in the demonstration only."""
        self.people = await database.read(people) if settings().demo else []
        self.is_loaded = True


@page("/", title="Accueil", roles=(PUBLIC,), on_load=(HomeState.load,))
def home() -> rx.Component:
    """Return the home page."""
    return layout(
        rx.cond(SessionState.is_demo, demonstration(), _sign_in()),
        _steps(),
        title="Ce qui est libre, tout de suite",
        is_front=True,
        lead=el.p(
            "Lits de semi-liberté, postes de travail d’intérêt général, médiateurs, bracelets, audiences : "
            "voyez sur une carte ce qui est libre, réservez-le en quelques secondes, convoquez par SMS, sans appeler.",
            class_name="fr-text--lead pj-lead",
        ),
    )


def _sign_in() -> rx.Component:
    return el.p(link_button("Se connecter", "/connexion/", icon="fr-icon-lock-line"))


def demonstration(then: str | rx.Var[str] = "/") -> rx.Component:
    """Return the people to sign in as; `then` is the address to which they go, their first page when it is "/"."""
    first, asked = "Chacune arrive sur un écran où quelque chose l’attend.", "Chacune va à la page que vous demandiez."
    where = rx.cond(then == "/", first, asked) if isinstance(then, rx.Var) else first
    cards = el.ul(rx.foreach(HomeState.people, lambda person: _person(person, then)), class_name="pj-people")
    return el.section(
        el.h2("Entrez en un clic", class_name="fr-h4"),
        el.p("Ces personnes sont fictives. ", where),
        rx.cond(HomeState.is_loaded, cards, skeleton(5, "Chargement des personnes…")),
        class_name="fr-mb-6w",
    )


def _person(person: rx.Var[Person], then: str | rx.Var[str]) -> rx.Component:
    button = el.button(
        el.span(person.name, class_name="pj-person__name"),
        el.span(person.title, class_name="pj-person__title"),
        type="submit",
        class_name="pj-person",
    )
    hidden = [
        el.input(type="hidden", name="account_id", value=person.id),
        el.input(type="hidden", name="suite", value=then),
    ]
    return el.li(native_form(*hidden, button, action="/auth/demo", method="post"))


def _steps() -> rx.Component:
    items = [
        el.li(el.h3(name, class_name="fr-h6 fr-mb-1v"), el.p(explanation, class_name="fr-mb-0"))
        for name, explanation in STEPS
    ]
    return el.section(el.h2("Trois gestes à essayer", class_name="fr-h4"), el.ol(*items, class_name="pj-steps"))
