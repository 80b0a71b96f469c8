"""Deny by default over the socket: any client can call any handler, so each call is checked before it runs."""

from __future__ import annotations

import logging
from typing import Any

import reflex as rx
from reflex.istate.delta import _resolve_delta
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event
from reflex_base.registry import RegistrationContext

from availability.rights import Actor
from portal.access import Policy, policy_of
from portal.actors import actor_of_cookie, token_in
from portal.session import SessionState, current_path, first_page, sign_in_address
from portal.sign_in import hashed_token
from portal.ui.notice import NoticeState

logger = logging.getLogger(__name__)

_ROOT = "reflex___state____state."
HYDRATE = frozenset(_ROOT + name for name in ("hydrate", "hydrate_and_load"))
# The only events of the framework that a browser needs, by exact name. Not `*.setvar`: it calls any
# `set_<name>` of a state, and so would go around the policy of that handler.
FRAMEWORK = HYDRATE | frozenset(
    _ROOT + name
    for name in (
        "set_is_hydrated",
        "reflex___state____on_load_internal_state.on_load_internal",
        "reflex___state____on_load_internal_state.set_is_hydrated",
        "reflex___state____update_vars_internal_state.update_vars_internal",
        "reflex___state____frontend_event_exception_state.handle_frontend_exception",
    )
)


def declared_policy(event_name: str) -> Policy | None:
    """Return the policy of an event handler, or None when it has none or does not exist."""
    registered = RegistrationContext.get().event_handlers.get(event_name)
    return policy_of(registered.handler.fn) if registered else None


class AuthzMiddleware(Middleware):
    """Refuses every event whose handler declares no policy, or a policy that refuses the client."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:  # noqa: ARG002
        """Return None to let the event run, else the update that answers in its place."""
        root: Any = state._get_root_state()
        cookie = (root.router_data.get("headers") or {}).get("cookie")
        if not await _belongs(root, cookie) and event.name not in HYDRATE:
            return await _refused(root, event, None)
        if event.name in FRAMEWORK:
            return None
        policy = declared_policy(event.name)
        if policy and policy.is_public:
            return None
        actor = await actor_of_cookie(cookie)
        if policy and policy.admits(actor):
            return None
        return await _refused(root, event, actor)


async def _belongs(root: Any, cookie: str | None) -> bool:
    """Say whether the tree was already this session's; if not, wipe it and hand it over.

    The client token, which a page's scripts can read, is a bearer secret for the whole tree of states.
    """
    token = token_in(cookie)
    owner = hashed_token(token).hex() if token else ""
    session = await root.get_state(SessionState)
    if session._owner == owner:
        return True
    root.reset()
    session._owner = owner
    return False


async def _refused(root: Any, event: Event, actor: Actor | None) -> StateUpdate:
    logger.warning("event refused: %s by %s", event.name, actor.account_id if actor else "nobody")
    if actor is None:
        return StateUpdate(events=Event.from_event_type(rx.redirect(sign_in_address(current_path(root)))))
    notice = await root.get_state(NoticeState)
    words = "Vous n’avez pas le droit de faire cela, ou de voir cette page."
    notice.show("error", words, title="Accès refusé", link=("Revenir à ma première page", first_page(actor)))
    delta = await _resolve_delta(root.get_delta())
    root._clean()
    return StateUpdate(delta=delta)
