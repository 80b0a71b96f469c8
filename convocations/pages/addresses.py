"""Where the screens of convocations are, and the address of a person's link."""

from __future__ import annotations

from urllib.parse import urlencode

from availability.sealing import House
from booking.links import LinkName, token_of
from convocations.models import Convocation
from portal.settings import secret_key, settings

LIST = "/convocations/"
OUTBOX = "/convocations/messages/"
TO_CALL = "/convocations/a-appeler/"
TO_CALL_BACK = "/convocations/a-rappeler/"
WITH_THEM = "/accueil-du-public/"
CONVENE = "/convoquer/"
IMPORT = "/importer/personnes/"
LETTER = "/convocations/imprimer/"


def link_of(name: LinkName) -> str:
    """Return the address that the person receives."""
    return f"{settings().origin}/r/{token_of(House(secret_key()).derived('links'), name)}"


def link_address(convocation: Convocation) -> str:
    """Return the address that the person of a convocation receives."""
    return link_of(LinkName(convocation.link_id, convocation.link_version))


def sheet_address(convocation_id: object) -> str:
    """Return the address that opens a convocation."""
    return f"{LIST}?{urlencode({'convocation': str(convocation_id)})}"


def letter_address(convocation_id: object) -> str:
    """Return the address of the convocation to print."""
    return f"{LETTER}?{urlencode({'c': str(convocation_id)})}"


def convene_address(**asked: object) -> str:
    """Return the form of convening with what is known already."""
    return f"{CONVENE}?{urlencode({name: str(value) for name, value in asked.items()})}"


def paper_address(convocation_id: object, name: str) -> str:
    """Return the file of a convocation: ".pdf" its letter, "/releve.pdf" its statement, ".ics" for a calendar."""
    return f"{LIST}{convocation_id}{name}"
