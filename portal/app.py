"""The application: the only module, with the jobs, the command line and the demonstration, that sees everything."""

from __future__ import annotations

import logging

import reflex as rx
from reflex.event import EventSpec

import availability.api
import booking.api
import booking.attachments_api
import booking.hearing_api
import booking.hosting_api
import booking.lawyer_api
import booking.meetings_api
import booking.outcomes_api
import booking.own_api
import booking.own_sites_api
import booking.persons_api
import booking.plans.api
import booking.series_api
import booking.stays_api
import booking.waiting_api
import convocations.api
import convocations.imports_api
import convocations.templates_api
from availability.errors import Refusal
from availability.pages import kind_form, kinds, recess
from booking.pages import (
    agenda,
    bookings,
    calendars,
    calendars_route,
    convocation_dates,
    court_absences,
    court_week,
    court_year,
    day_outcomes,
    designate,
    designation_notice,
    designation_problems,
    establishment,
    files,
    fitting_form,
    fittings,
    hearing_day,
    hearing_month,
    hearing_templates,
    host_link,
    hours,
    import_files,
    import_page,
    invitation,
    lawyer_hearings,
    lawyer_registry,
    mails,
    map_page,
    meetings,
    my_day,
    natures,
    own_places,
    person_pairs,
    person_passing,
    persons,
    plan_beds,
    plan_rounds,
    plan_shares,
    points,
    presences,
    rehousing_page,
    repartition,
    requests,
    round_page,
    screens,
    series_form,
    series_page,
    sites,
    take_date,
    video_ceiling,
    waiting,
    wall,
)
from booking.pages.day_waiting import also_waits
from convocations.pages import (
    callbacks,
    convene,
    costs_page,
    front_desk,
    lawyer_papers,
    letter,
    link,
    list_page,
    messages,
    papers_route,
    people_import,
    people_import_files,
    receipts_route,
    templates_page,
    to_call,
    together_page,
    verify_page,
)
from convocations.pages import convocations as convocations_page
from convocations.pages.day import messages_wait
from portal.api import build_api
from portal.guard import AuthzMiddleware
from portal.headers import SecurityHeaders
from portal.jobs import follow_recess, leading
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

also_waits(messages_wait)

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
    plan_shares,
    bookings,
    establishment,
    rehousing_page,
    requests,
    own_places,
    presences,
    day_outcomes,
    series_page,
    series_form,
    import_page,
    agenda,
    hours,
    calendars,
    repartition,
    hearing_day,
    court_year,
    court_week,
    court_absences,
    hearing_month,
    screens,
    fittings,
    fitting_form,
    plan_rounds,
    round_page,
    convene,
    convocations_page,
    messages,
    letter,
    kinds,
    kind_form,
    sites,
    recess,
    hearing_templates,
    natures,
    meetings,
    mails,
    waiting,
    to_call,
    costs_page,
    templates_page,
    persons,
    plan_beds,
    person_pairs,
    person_passing,
    callbacks,
    front_desk,
    people_import,
    list_page,
    together_page,
    verify_page,
    take_date,
    lawyer_hearings,
    lawyer_registry,
    convocation_dates,
    video_ceiling,
)
api = build_api(
    booking.api.router,  # the most called first: see build_api
    availability.api.router,
    booking.hosting_api.router,
    booking.hearing_api.router,
    booking.meetings_api.router,
    booking.outcomes_api.router,
    booking.own_api.router,
    booking.own_sites_api.router,
    booking.series_api.router,
    booking.series_api.presences,
    booking.stays_api.router,
    booking.attachments_api.router,
    booking.waiting_api.router,
    booking.persons_api.router,
    booking.persons_api.divestments,
    booking.plans.api.router,
    convocations.api.convocations,
    convocations.api.outbox,
    convocations.imports_api.router,
    convocations.templates_api.router,
    booking.lawyer_api.router,
    pages=[
        points.router,
        files.router,
        import_files.router,
        natures.router,
        link.router,
        calendars_route.router,
        receipts_route.router,
        costs_page.router,
        people_import_files.router,
        host_link.router,
        wall.router,
        front_desk.router,
        papers_route.router,
        lawyer_papers.router,
        invitation.router,
    ],
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
        el.link(rel="stylesheet", href="/plan_calendar.css"),
        el.link(rel="stylesheet", href="/plans.css"),
        el.link(rel="stylesheet", href="/shares.css"),
        el.link(rel="stylesheet", href="/hearings.css"),
        el.link(rel="stylesheet", href="/court.css"),
        el.link(rel="stylesheet", href="/meetings.css"),
        el.link(rel="stylesheet", href="/fittings.css"),
        el.link(rel="stylesheet", href="/convocations.css"),
        el.link(rel="stylesheet", href="/calendars.css"),
        el.link(rel="stylesheet", href="/own_places.css"),
        el.link(rel="stylesheet", href="/kinds.css"),
        el.link(rel="stylesheet", href="/series.css"),
        el.link(rel="stylesheet", href="/hosts.css"),
        el.link(rel="stylesheet", href="/waiting.css"),
        el.link(rel="stylesheet", href="/outcomes.css"),
        el.link(rel="stylesheet", href="/persons.css"),
        el.link(rel="stylesheet", href="/people_import.css"),
        el.link(rel="stylesheet", href="/calendars.css"),
        el.link(rel="stylesheet", href="/lawyers.css"),
        el.link(rel="stylesheet", href="/video_links.css"),
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
recess.follow(follow_recess)
for lifespan in (worker_lifespan, listening, leading, solving):
    app.register_lifespan_task(lifespan)
