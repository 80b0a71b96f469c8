"""The application: the only module, with the jobs, the command line and the demonstration, that sees everything."""

from __future__ import annotations

import logging

import reflex as rx
from reflex.event import EventSpec
from reflex_base.event import noop  # noqa: F401

import portal.pages.home
import portal.pages.not_found
import portal.pages.sign_in  # noqa: F401 - importing a page registers it
from availability.errors import Refusal
from booking.pages import points
from portal.api import build_api
from portal.guard import AuthzMiddleware
from portal.headers import SecurityHeaders
from portal.jobs import leading
from portal.live import listening
from portal.problems import FAILED, sentence
from portal.ui.broken import broken_page
from portal.ui.dsfr import DsfrStart
from portal.ui.notice import NoticeState
from portal.worker import worker_lifespan

logger = logging.getLogger(__name__)
el = rx.el

# One line a feature: its pages are imported above, its routes are listed here.
api = build_api(pages=[points.router])


def on_backend_error(exception: Exception) -> EventSpec:
    """Say why an act was refused, or that it failed; a failure is logged, a refusal is not one."""
    if isinstance(exception, Refusal):
        return NoticeState.say_failed(sentence(exception))
    logger.error("failure in a handler", exc_info=exception)
    return NoticeState.say_failed(FAILED)


def on_frontend_error(exception: Exception) -> None:
    """Log what failed in a browser."""
    logger.error("failure in a browser: %s", str(exception)[:2000])


app = rx.App(
    html_lang="fr",
    html_custom_attrs={"data-fr-scheme": "system"},
    reset_style=False,
    head_components=[
        el.link(rel="stylesheet", href="/dsfr/dsfr.main.min.css"),
        el.link(rel="stylesheet", href="/dsfr/utility/icons/icons.main.min.css"),
        el.link(rel="stylesheet", href="/placejuste.css"),
        el.link(rel="stylesheet", href="/booking.css"),
        el.link(rel="icon", href="/dsfr/favicon/favicon.svg", type="image/svg+xml"),
        el.meta(name="theme-color", content="#000091"),
    ],
    app_wraps={(55, "ErrorBoundary"): lambda stateful: broken_page()},
    extra_app_wraps={(30, "Dsfr"): lambda stateful: rx.fragment(DsfrStart.create(src="/dsfr/dsfr.module.min.js"))},
    api_transformer=[api, SecurityHeaders],
    backend_exception_handler=on_backend_error,
    frontend_exception_handler=on_frontend_error,
)
app.add_middleware(AuthzMiddleware(), index=0)
for lifespan in (worker_lifespan, listening, leading):
    app.register_lifespan_task(lifespan)
