"""A whole site that closes, in words, as the pages of hours and of one's own places say it. Pure."""

from __future__ import annotations

from availability.running import SiteRun
from portal.ui.dates import NBSP, plural

SITE = "site"  # what a form closes, when it is not the resource alone


def whole_site(site: SiteRun) -> str:
    """Return what closes with the site, when it closes more than one resource and all are the actor's; else nothing."""
    return f"Tout le site{NBSP}: {plural(site.resources, 'ressource')}" if site.is_whole and site.resources > 1 else ""


def why_not(site: SiteRun) -> str:
    """Return why the actor does not open the whole site again, or nothing."""
    if site.is_whole:
        return ""
    others = site.resources - site.own
    depend = "ne dépend" if others == 1 else "ne dépendent"
    of_all = f"{plural(others, 'ressource')} du site sur {site.resources} {depend} pas de vous"
    return f"{of_all}{NBSP}: vous ne pouvez pas le rouvrir."


def whole_words(words: str) -> str:
    """Return "Fermé le mar. 3 mars" as said of a whole site."""
    return f"Tout le site est {words[:1].lower()}{words[1:]}"
