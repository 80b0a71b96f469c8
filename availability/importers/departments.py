"""Departments and overseas collectivities by name, as services are named after them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from availability.places import normalise

LINKS = ("de la ", "de l ", "des ", "du ", "de ", "d ", "")


@lru_cache(maxsize=1)
def department_names() -> dict[str, str]:
    """Return the code of each department by its normalised name."""
    lines = (files("availability") / "data" / "departments.csv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = (line.split(",") for line in lines)
    return {normalise(name): code for code, name in pairs}


def department_named(words: str) -> str:
    """Return the code of the department in normalised words: "de la haute marne" gives "52"; "" if none."""
    names = department_names()
    for link in LINKS:
        if words.startswith(link) and (code := names.get(words.removeprefix(link))):
            return code
    return ""


def without_link(words: str) -> str:
    """Return normalised words without the preposition, the article kept: "du havre" gives "le havre"."""
    for link, article in (("du ", "le "), ("des ", "les "), ("de ", ""), ("d ", "")):
        if words.startswith(link):
            return article + words.removeprefix(link)
    return words
