"""What features use of authorisation: `allow` for handlers, `page` for pages, `requires` and `public` for routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import reflex as rx
from fastapi import Depends, Request

from availability.errors import NotAllowed
from availability.rights import Actor, Role
from portal.access import (
    PUBLIC,
    SIGNED_IN,
    Audience,
    Policy,
    SignInNeeded,
    actor_or_none,
    allow,
    current_actor,
    not_an_event,
    policy,
    policy_of,
)
from portal.actors import actor_of_account, actor_of_bearer, actor_of_cookie
from portal.session import PAGES, Page, SessionState
from portal.settings import settings

__all__ = [
    "PUBLIC",
    "SIGNED_IN",
    "Guard",
    "SignInNeeded",
    "actor_of_account",
    "actor_or_none",
    "allow",
    "current_actor",
    "not_an_event",
    "page",
    "policy_of",
    "public",
    "requires",
]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
API_PREFIX = "/api/"


class ForeignOrigin(NotAllowed):
    """A browser sends this on behalf of another site."""


def page(
    route: str,
    *,
    title: str,
    roles: Sequence[Audience | Role],
    on_load: Sequence[Any] = (),
    entry: str = "",
    order: int = 0,
    entry_for: Sequence[Role] = (),
    part_of: str = "",
    description: str = "",
) -> Callable[[Callable[[], rx.Component]], Callable[[], rx.Component]]:
    """Register a page with its policy, and with its place in the navigation when `entry` names one.

    `entry_for` keeps the entry to some of those admitted: the others come by links. `part_of` is the route of the
    page whose entry shows where one is.

    `roles` is (PUBLIC,), (SIGNED_IN,) or roles. Data is loaded by `on_load` handlers, which have policies of
    their own: the page itself is a public file, and holds none.
    """
    declared = policy(*roles)
    PAGES[route] = Page(route, title, declared, entry, order, frozenset(entry_for), part_of)
    first = SessionState.load if declared.is_public else SessionState.require_login
    decorate = rx.page(
        route=route,
        title=f"{title} – PlaceJuste",
        description=description or title,
        on_load=[first, *on_load],
    )

    def register(render: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
        decorate(render)
        return render

    return register


class Guard:
    """The dependency of a route that says who may call it, and gives the actor; tests read its policy."""

    def __init__(self, declared: Policy) -> None:
        self.policy = declared

    async def __call__(self, request: Request) -> Actor | None:
        """Return the actor.

        Raises: SignInNeeded, NotAllowed.
        """
        if self.policy.is_public:
            return None
        actor = await _actor_of(request)
        if actor is None:
            raise SignInNeeded
        if not self.policy.admits(actor):
            raise NotAllowed
        return actor


def requires(*roles: Audience | Role) -> Any:
    """Return the dependency of a route for SIGNED_IN or some roles; its value is the Actor."""
    return Depends(Guard(policy(*roles)))


def public() -> Any:
    """Return the dependency of a route that anybody may call."""
    return Depends(Guard(policy(PUBLIC)))


def check_origin(request: Request) -> None:
    """Refuse a form that another site posts with the cookie of the user.

    Raises: ForeignOrigin.
    """
    origin = request.headers.get("origin") or _origin_of(request.headers.get("referer"))
    if origin not in settings().origins:
        raise ForeignOrigin(origin=origin)


def _origin_of(address: str | None) -> str | None:
    parts = urlsplit(address or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else None


async def _actor_of(request: Request) -> Actor | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if request.url.path.startswith(API_PREFIX) and scheme.lower() == "bearer":
        return await actor_of_bearer(token.strip())
    if request.method not in SAFE_METHODS:
        check_origin(request)
    return await actor_of_cookie(request.headers.get("cookie"))
