"""Deny by default: every handler, page and route of ours declares who may use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.dependencies.models import Dependant
from reflex_base.registry import RegistrationContext

import portal.app
from availability.rights import Actor, Right, Role
from booking.pages.court_links import LINKS
from portal.access import PUBLIC, SIGNED_IN, policy, policy_of
from portal.guard import FRAMEWORK
from portal.policy import Guard
from portal.session import PAGES, SessionState, may_open, navigation

HANDLERS = dict(RegistrationContext.get().event_handlers)


def somebody(*roles: Role) -> Actor:
    """Return an actor with these roles."""
    rights = tuple(Right(role, frozenset({1})) for role in roles)
    return Actor(uuid4(), "Alix Essai", rights, home_territory_id=1)


def routes() -> Iterator[Any]:
    """Yield every route of the application that is not a page."""
    waiting = [route for route in portal.app.api.routes if hasattr(route, "effective_candidates")]
    while waiting:
        for route in waiting.pop().effective_candidates():
            if hasattr(route, "effective_candidates"):
                waiting.append(route)
            else:
                yield route


def test_every_handler_of_ours_declares_a_policy() -> None:
    ours = {
        name: found.handler.fn
        for name, found in HANDLERS.items()
        if not found.handler.fn.__module__.startswith("reflex")
    }
    undeclared = [name for name, function in ours.items() if policy_of(function) is None]

    assert len(ours) >= 6
    assert undeclared == []


def test_of_the_framework_only_the_listed_events_pass() -> None:
    framework = {name for name, found in HANDLERS.items() if found.handler.fn.__module__.startswith("reflex")}
    refused = {name for name in framework if name not in FRAMEWORK}

    assert framework >= FRAMEWORK
    assert refused
    assert all(name.endswith(".setvar") for name in refused)


def is_guarded(dependant: Dependant) -> bool:
    """Say whether something that a route asks for, or that is asked for in its turn, is a guard."""
    return any(isinstance(one.call, Guard) or is_guarded(one) for one in dependant.dependencies)


def test_every_route_declares_a_policy() -> None:
    found = list(routes())
    undeclared = [route.path for route in found if not is_guarded(route.dependant)]

    assert {"/healthz", "/auth/login", "/api/v1/oauth/token"} <= {route.path for route in found}
    assert undeclared == []


def test_no_route_is_mounted_beside_the_walked_ones() -> None:
    walked = ("_IncludedRouter", "Mount")
    others = [route for route in portal.app.api.routes if type(route).__name__ not in walked]

    assert [getattr(route, "path", None) for route in others] == ["/api/v1/openapi.json"]


def test_every_page_declares_a_policy_and_guards_itself() -> None:
    pages = {
        (arguments["route"], render.__name__): arguments["on_load"]
        for render, arguments in RegistrationContext.get().decorated_pages
    }

    assert len(pages) >= 3
    for (route, _), on_load in pages.items():
        assert route in PAGES, f"{route} was registered without portal.policy.page"
        first = SessionState.load if PAGES[route].policy.is_public else SessionState.require_login
        assert on_load[0] is first


def test_a_policy_admits_whom_it_names_and_nobody_else() -> None:
    officer, clerk = somebody(Role.PROBATION_OFFICER), somebody(Role.REGISTRY)
    officers = policy(Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE)

    assert officers.admits(officer)
    assert not officers.admits(clerk)
    assert not officers.admits(None)
    assert policy(SIGNED_IN).admits(clerk)
    assert not policy(SIGNED_IN).admits(None)
    assert policy(PUBLIC).admits(None)


@pytest.mark.parametrize("audience", [(), (PUBLIC, SIGNED_IN), (PUBLIC, Role.REGISTRY)])
def test_an_ambiguous_policy_is_refused_at_import(audience: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="PUBLIC"):
        policy(*audience)


def test_an_entry_may_be_kept_to_some_of_those_admitted() -> None:
    agent, judge = somebody(Role.MONITORING_AGENT), somebody(Role.SENTENCE_JUDGE)

    assert PAGES["/agenda"].policy.admits(agent)
    assert "Agenda" not in [entry.label for entry in navigation(agent)]
    assert "Agenda" in [entry.label for entry in navigation(judge)]


def test_a_page_without_an_entry_shows_that_of_the_page_it_is_part_of() -> None:
    for path in ("/convocations/", "/convoquer/", "/convocations/messages/"):
        entries = navigation(somebody(Role.PROBATION_OFFICER), path)
        assert [entry.label for entry in entries if entry.is_current] == ["Convocations"]
    shown = {
        role: [entry.label for entry in navigation(somebody(role), "/importer/") if entry.is_current]
        for role in (Role.PARTNER, Role.ADMINISTRATOR)
    }
    assert shown == {Role.PARTNER: ["Mes places"], Role.ADMINISTRATOR: ["Importer"]}
    assert all(page.part_of in ("", *PAGES) for page in PAGES.values())


def test_what_one_works_with_all_day_comes_first_after_ones_day() -> None:
    first = {
        role: [entry.label for entry in navigation(somebody(role))][:2]
        for role in (Role.REGISTRY, Role.MONITORING_AGENT)
    }

    assert first == {
        Role.REGISTRY: ["Ma journée", "Audiences"],
        Role.MONITORING_AGENT: ["Ma journée", "Tournée"],
    }
    assert "Occupation" not in [entry.label for entry in navigation(somebody(Role.FAMILY_JUDGE))]


def test_navigation_has_six_entries_at_most_and_none_that_is_refused() -> None:
    for role in Role:
        actor = somebody(role)
        entries = navigation(actor)

        assert len(entries) <= 6
        assert all(
            page.policy.admits(actor) for page in PAGES.values() if any(entry.label == page.entry for entry in entries)
        )
    assert navigation(None) == []


def test_among_the_pages_of_the_hearings_one_sees_those_that_one_may_open() -> None:
    hrefs = [href for href, _ in LINKS]
    seen = {role: [href for href in hrefs if href in may_open(somebody(role))] for role in Role}

    assert seen[Role.REGISTRY] == [href for href in hrefs if href != "/visioconferences/"]
    assert seen[Role.ADMINISTRATOR] == [
        "/audiences/modeles/", "/audiences/natures/", "/reunir/", "/visioconferences/",
    ]  # fmt: skip
    assert all(not seen[role] for role in Role if role not in (Role.REGISTRY, Role.ADMINISTRATOR))
