"""What the header shows of who is signed in. Never trusted for authorisation: see portal/guard.py."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import reflex as rx
from reflex.event import EventSpec

from availability.rights import Actor, Role
from portal import database
from portal.access import PUBLIC, Policy, actor_or_none, allow, cookie_header
from portal.actors import token_in
from portal.clock import now
from portal.live import SightState, leave
from portal.settings import settings
from portal.sign_in import seen
from portal.ui.notice import NoticeState

MOST_ENTRIES = 6


@dataclass(frozen=True)
class Page:
    """A registered page: its policy, and its place in the navigation if it has one."""

    route: str
    title: str
    policy: Policy
    entry: str = ""
    order: int = 0
    entry_for: frozenset[Role] = frozenset()  # empty: whoever is admitted
    part_of: str = ""  # the route of the page whose entry it stands under

    def is_listed_for(self, actor: Actor) -> bool:
        """Say whether the page is in the actor's navigation."""
        return bool(self.entry) and self.policy.admits(actor) and (not self.entry_for or actor.has(*self.entry_for))


@dataclass(frozen=True)
class Entry:
    """One line of the navigation, as displayed."""

    label: str
    href: str
    is_current: bool


PAGES: dict[str, Page] = {}


def navigation(actor: Actor | None, path: str = "") -> list[Entry]:
    """Return the entries of an actor's navigation, at most six, in the declared order."""
    if actor is None:
        return []
    admitted = [page for page in PAGES.values() if page.is_listed_for(actor)]
    admitted.sort(key=lambda page: (page.order, page.entry))
    shown = page_at(path)
    is_listed = shown in admitted  # then it shows itself, whatever it is a part of for others
    current = slashed(path if is_listed or not shown or not shown.part_of else shown.part_of)
    return [Entry(page.entry, slashed(page.route), slashed(page.route) == current) for page in admitted[:MOST_ENTRIES]]


def may_open(actor: Actor) -> list[str]:
    """Return the addresses of the pages that an actor may open."""
    return [slashed(page.route) for page in PAGES.values() if page.policy.admits(actor)]


def page_at(path: str) -> Page | None:
    """Return the page that a path shows, with or without its final slash."""
    return PAGES.get("/" + path.strip("/"))


def first_page(actor: Actor) -> str:
    """Return where somebody lands after signing in."""
    entries = navigation(actor)
    return entries[0].href if entries else "/"


def slashed(path: str) -> str:
    """Return a page's path with its final slash: the address that is served without a redirection."""
    return "/" + stripped + "/" if (stripped := path.strip("/")) else "/"


def sign_in_address(path: str) -> str:
    """Return the sign-in page that comes back to `path`."""
    is_nowhere = path in ("", "/") or path.startswith("/connexion")
    return "/connexion/" if is_nowhere else f"/connexion/?suite={quote(path, safe='/')}"


class SessionState(rx.State):
    """Name and navigation of whoever is signed in, for display."""

    _owner: str = ""  # hash of the session that this tree of states belongs to
    name: str = ""
    first_page: str = ""
    entries: list[Entry] = []  # noqa: RUF012 - Reflex copies the default for each client
    may_open: list[str] = []  # noqa: RUF012 - as above; links to other pages are hidden, never what guards them
    is_refused: bool = False  # who is signed in may not open this page: what it would hold is not awaited
    is_demo: bool = settings().demo

    @allow(PUBLIC)
    @rx.event
    async def load(self) -> None:
        """Show who is signed in, if somebody is."""
        await self._begin()
        self._show(await actor_or_none(self))
        (await self.get_state(NoticeState)).turn_page()

    @allow(PUBLIC)
    @rx.event
    async def require_login(self) -> EventSpec | None:
        """Show who is signed in, or go to the sign-in page."""
        await self._begin()
        actor = await actor_or_none(self)
        self._show(actor)
        (await self.get_state(NoticeState)).turn_page()
        if actor is None:
            return rx.redirect(sign_in_address(current_path(self)))
        if token := token_in(cookie_header(self)):
            await database.act(seen, token, now())
        return None

    async def _begin(self) -> None:
        leave(self)
        (await self.get_state(SightState)).is_behind = False

    def _show(self, actor: Actor | None) -> None:
        self.name = actor.name if actor else ""
        self.first_page = first_page(actor) if actor else ""
        self.entries = navigation(actor, self.router.url.path)
        self.may_open = may_open(actor) if actor else []
        shown = page_at(self.router.url.path)
        self.is_refused = actor is not None and shown is not None and not shown.policy.admits(actor)
        self.is_demo = settings().demo


def current_path(state: rx.State) -> str:
    """Return path and query of the page that a state is shown on."""
    url = state.router.url
    return f"{url.path}?{url.query}" if url.query else str(url.path)
