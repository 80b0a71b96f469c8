"""Who may call what: a policy is declared on every handler, page and route; what declares none is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import reflex as rx

from availability.errors import Refusal
from availability.rights import Actor, Role
from portal.actors import actor_of_cookie

F = TypeVar("F")  # a function, or what @rx.event made of one
MARK = "__placejuste_policy__"


class Audience(Enum):
    """Whom a policy admits besides roles."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


PUBLIC = Audience.PUBLIC
SIGNED_IN = Audience.SIGNED_IN


class SignInNeeded(Refusal):
    """Nobody is signed in, or no longer."""


@dataclass(frozen=True)
class Policy:
    """Who is admitted: everybody, whoever is signed in, or the holders of one of some roles."""

    audience: Audience | frozenset[Role]

    @property
    def is_public(self) -> bool:
        """Say whether an unknown client is admitted."""
        return self.audience is Audience.PUBLIC

    def admits(self, actor: Actor | None) -> bool:
        """Say whether this actor is admitted; None is an unknown client."""
        if self.is_public:
            return True
        if actor is None:
            return False
        return self.audience is Audience.SIGNED_IN or actor.has(*_roles(self.audience))


def _roles(audience: Audience | frozenset[Role]) -> frozenset[Role]:
    return audience if isinstance(audience, frozenset) else frozenset()


def policy(*audience: Audience | Role) -> Policy:
    """Return the policy that admits PUBLIC, SIGNED_IN, or the holders of these roles.

    Raises: ValueError when nothing is given, or when an audience is mixed with something else.
    """
    roles = frozenset(one for one in audience if isinstance(one, Role))
    if audience and len(roles) == len(set(audience)):
        return Policy(roles)
    if len(audience) == 1 and isinstance(audience[0], Audience):
        return Policy(audience[0])
    raise ValueError("give PUBLIC, or SIGNED_IN, or one or several roles")


def allow(*audience: Audience | Role) -> Callable[[F], F]:
    """Declare who may call an event handler. Above or under `@rx.event`; without it nobody may."""
    declared = policy(*audience)

    def mark(function: F) -> F:
        setattr(function, MARK, declared)
        return function

    return mark


def not_an_event(function: F) -> F:
    """Keep a public method of a state out of the handlers that a client can call."""
    function.__override_base_method__ = True  # type: ignore[attr-defined] # the mark that Reflex looks at
    return function


def policy_of(function: object) -> Policy | None:
    """Return the policy declared on a function, or None."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, Policy) else None


def cookie_header(state: rx.State) -> str | None:
    """Return the Cookie header of the handshake behind a state."""
    header = state.router.headers.raw_headers.get("cookie")
    return str(header) if header else None


async def actor_or_none(state: rx.State) -> Actor | None:
    """Return who is behind a state, or None."""
    return await actor_of_cookie(cookie_header(state))


async def current_actor(state: rx.State) -> Actor:
    """Return who is behind a state.

    Raises: SignInNeeded when the sign-in ended since the event was admitted.
    """
    actor = await actor_or_none(state)
    if actor is None:
        raise SignInNeeded
    return actor
