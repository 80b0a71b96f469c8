"""The sign-in page: a plain form, posted to a route that sets the cookie."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

import reflex as rx

from portal.access import cookie_header
from portal.auth_routes import TYPED_COOKIE, safe_address
from portal.pages.home import HomeState, demonstration
from portal.policy import PUBLIC, allow, page
from portal.session import SessionState
from portal.ui.dsfr import native_form
from portal.ui.layout import layout
from portal.ui.pieces import field

el = rx.el
REASONS = {
    "identifiants": "Identifiant ou mot de passe incorrect. Vérifiez la saisie et recommencez.",
    "attente": "Trop de tentatives. Attendez cinq minutes avant de recommencer.",
}


class SignInState(rx.State):
    """What the form shows when it comes back."""

    error: str = ""
    typed: str = ""
    then: str = "/"

    @allow(PUBLIC)
    @rx.event
    async def load(self) -> None:
        """Show why the last attempt failed, with the login as it was typed."""
        query = self.router.url.query_parameters
        self.error = REASONS.get(str(query.get("erreur", "")), "")
        self.then = safe_address(str(query.get("suite", "/")))
        self.typed = typed_login(cookie_header(self)) if self.error else ""
        await (await self.get_state(HomeState)).list_people()


def typed_login(header: str | None) -> str:
    """Return the login that the last attempt typed, or nothing."""
    try:
        cookies = SimpleCookie(header or "")
        return bytes.fromhex(cookies[TYPED_COOKIE].value).decode() if TYPED_COOKIE in cookies else ""
    except (CookieError, ValueError):
        return ""


@page("/connexion", title="Connexion", roles=(PUBLIC,), on_load=(SignInState.load,))
def sign_in() -> rx.Component:
    """Return the sign-in page."""
    form = native_form(
        el.input(type="hidden", name="suite", value=SignInState.then),
        field(
            "Identifiant",
            "login",
            auto_complete="username",
            default_value=SignInState.typed,
            key=SignInState.typed,
            required=True,
        ),
        field("Mot de passe", "password", type="password", auto_complete="current-password", required=True),
        el.button("Se connecter", type="submit", class_name="fr-btn"),
        action="/auth/login",
        method="post",
    )
    return layout(
        _error(),
        rx.cond(SessionState.is_demo, demonstration(SignInState.then)),
        el.div(form, class_name="pj-narrow"),
        title="Connexion",
    )


def _error() -> rx.Component:
    alert = el.div(el.p(SignInState.error), role="alert", class_name="fr-alert fr-alert--error fr-alert--sm fr-mb-3w")
    return rx.cond(SignInState.error != "", alert)
