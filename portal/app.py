"""The application: the only module, with the jobs, the command line and the demonstration, that sees everything."""

from __future__ import annotations

import logging

import reflex as rx
from reflex.event import EventSpec

import availability.api
import booking.api
import booking.own_api
import convocations.api
from availability.errors import Refusal
from availability.pages import kind_form, kinds, recess
from booking.pages import (
    agenda,
    bookings,
    calendars,
    calendars_route,
    designate,
    designation_notice,
    designation_problems,
    establishment,
    files,
    fitting_form,
    fittings,
    hours,
    import_files,
    import_page,
    map_page,
    my_day,
    own_places,
    points,
    repartition,
    requests,
    round_page,
)
from convocations.pages import convene, letter, link, messages
from convocations.pages import convocations as convocations_page
from portal.api import build_api
from portal.guard import AuthzMiddleware
from portal.headers import SecurityHeaders
from portal.jobs import leading
from portal.live import listening
from portal.pages import home, not_found, sign_in
from portal.problems import FAILED, sentence
from portal.solving import solving
from portal.ui.broken import broken_page
from portal.ui.dsfr import DsfrStart
from portal.ui.notice import failed
from portal.worker import worker_lifespan

logger = logging.getLogger(__name__)
el = rx.el

# Importing a page registers it; each is named here, in the order of the screens.
PAGES = (
    home,
    sign_in,
    not_found,
    my_day,
    map_page,
    designate,
    designation_notice,
    designation_problems,
    bookings,
    establishment,
    requests,
    own_places,
    import_page,
    agenda,
    hours,
    calendars,
    repartition,
    fittings,
    fitting_form,
    round_page,
    convene,
    convocations_page,
    messages,
    letter,
    kinds,
    kind_form,
    recess,
)
api = build_api(
    availability.api.router,
    booking.api.router,
    booking.own_api.router,
    convocations.api.persons,
    convocations.api.convocations,
    convocations.api.outbox,
    pages=[points.router, files.router, import_files.router, link.router, calendars_route.router],
)


def on_backend_error(exception: Exception) -> EventSpec:
    """Say why an act was refused, or that it failed; a failure is logged, a refusal is not one."""
    if isinstance(exception, Refusal):
        return failed(sentence(exception))
    logger.error("failure in a handler", exc_info=exception)
    return failed(FAILED)


def on_frontend_error(exception: Exception) -> None:
    """Log what failed in a browser."""
    logger.error("failure in a browser: %s", str(exception)[:2000])


app = rx.App(
    html_lang="fr",
    html_custom_attrs={"data-fr-scheme": "system"},
    reset_style=False,
    toaster=None,  # messages are alerts bound to state: a toast returned by a handler needs `eval`
    head_components=[
        el.link(rel="stylesheet", href="/dsfr/dsfr.main.min.css"),
        el.link(rel="stylesheet", href="/dsfr/utility/icons/icons.main.min.css"),
        el.link(rel="stylesheet", href="/placejuste.css"),
        el.link(rel="stylesheet", href="/booking.css"),
        el.link(rel="stylesheet", href="/bookings.css"),
        el.link(rel="stylesheet", href="/designate.css"),
        el.link(rel="stylesheet", href="/agenda.css"),
        el.link(rel="stylesheet", href="/planning.css"),
        el.link(rel="stylesheet", href="/fittings.css"),
        el.link(rel="stylesheet", href="/convocations.css"),
        el.link(rel="stylesheet", href="/calendars.css"),
        el.link(rel="stylesheet", href="/own_places.css"),
        el.link(rel="stylesheet", href="/kinds.css"),
        el.link(rel="stylesheet", href="/calendars.css"),
        el.link(rel="icon", href="/dsfr/favicon/favicon.svg", type="image/svg+xml"),
        el.meta(name="theme-color", content="#000091"),
    ],
    app_wraps={(55, "ErrorBoundary"): lambda _stateful: broken_page()},
    extra_app_wraps={(30, "Dsfr"): lambda _stateful: rx.fragment(DsfrStart.create(src="/dsfr/dsfr.module.min.js"))},
    api_transformer=[api, SecurityHeaders],
    backend_exception_handler=on_backend_error,
    frontend_exception_handler=on_frontend_error,
)
app.add_middleware(AuthzMiddleware(), index=0)
for lifespan in (worker_lifespan, listening, leading, solving):
    app.register_lifespan_task(lifespan)
