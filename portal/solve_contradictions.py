"""What a problem says when it contradicts itself, in French: the sentences of `ValueError` of `optimizer/*/problem.py`.

A template has its variable parts in braces. What no template knows is shown as it is.
"""

from __future__ import annotations

import re
from functools import cache

OF_ALL = {
    "a period ends after it starts": "une période finit après son début",
    "a period needs aware instants": "un instant a son fuseau, comme +01:00",
    "a matrix has as many columns as rows": "une matrice a autant de colonnes que de lignes",
}
OF_HEARINGS = {
    "a rule costs nothing or something, and gives nothing back": "une règle a un coût nul ou positif",
    "two hearings have one number": "deux audiences ont le même numéro",
    "two cases have one number": "deux affaires ont le même numéro",
    "two rooms have one number": "deux salles ont le même numéro",
    "two people have one number": "deux personnes ont le même numéro",
    "a judge has two benches": "un magistrat est dans deux cabinets",
    "a hearing has room for less than nothing": "une audience a une capacité négative",
    "a hearing has no judge": "une audience se tient sans magistrat",
    "a case takes no time": "une affaire ne dure rien",
    "a case has no priority": "une affaire a une priorité d’au moins 1",
    "a case needs somebody unknown": "une affaire attend une personne inconnue",
    "a case is linked to nowhere": "une affaire est en visioconférence avec un lieu inconnu",
    "a case is locked in no hearing": "une affaire est figée sans être dans une audience",
}
OF_ROUNDS = {
    "a window ends before it starts": "un créneau finit avant son début",
    "{id}: minutes on site": "{id} : durée sur place impossible",
    "{id}: agents, priority or load": "{id} : agents, priorité ou chargement impossible",
    "{id}: locked, with nothing to keep": "{id} : rendez-vous figé, sans rendez-vous (present)",
    "{id}: ends before it starts": "{id} : la journée finit avant son début",
    "{id}: nobody in it": "{id} : aucun agent",
    "{id}: capacity or stops below zero": "{id} : chargement ou nombre d’arrêts négatif",
    "{id}: no time for the break": "{id} : la pause ne tient pas dans son créneau",
    "a matrix is not square": "une matrice a autant de colonnes que de lignes",
    "a leg is absurd": "un trajet est négatif ou trop long",
    "the matrices are not of the same places": "les deux matrices n’ont pas la même taille",
    "a weight is absurd": "un coût est négatif ou trop grand",
    "two requests have one number": "deux demandes ont le même numéro",
    "a team works twice on one day": "une équipe a deux journées le même jour",
    "a place is not in the matrices": "un lieu n’est pas dans les matrices",
}
OF_BEDS = {
    "doors: {id}": "{id} : les portes ouvrent et ferment le même jour, dans cet ordre",
    "horizon": "les demandes s’étendent sur trop de nuits",
    "establishment twice: {id}": "établissement présent deux fois : {id}",
    "room twice: {id}": "chambre présente deux fois : {id}",
    "request twice: {id}": "demande présente deux fois : {id}",
    "negative weight: {id}": "coût négatif : {id}",
    "unknown establishment: {id}": "chambre {id} : établissement inconnu",
    "beds: {id}": "chambre {id} : nombre de lits négatif",
    "level: {id}": "chambre {id} : un rang de spécialité est d’au moins 1",
    "closed nights: {id}": "chambre {id} : une fermeture finit après son début",
    "nights: {id}": "demande {id} : nombre de nuits impossible",
    "latest before earliest: {id}": "demande {id} : la dernière date possible est avant la première",
    "age: {id}": "demande {id} : âge négatif",
    "priority: {id}": "demande {id} : une priorité est d’au moins 1",
    "specialisms: {id}": "demande {id} : plus de nuits par spécialité que de nuits",
    "most beds: {id}": "demande {id} : une chambre a au moins un lit",
    "kept from oneself: {id}": "demande {id} : incompatible avec elle-même",
    "kept from somebody unknown: {id}": "demande {id} : incompatible avec une demande inconnue",
    "unknown room: {id}": "demande {id} : chambre actuelle inconnue",
    "frozen nowhere: {id}": "demande {id} : figée sans être dans une chambre",
    "work: {id}": "demande {id} : heures ou trajets de travail impossibles",
}
OF_SHARES = {
    "no such place: {id}": "ce lieu n’existe pas : {id}",
    "measure {id}: a distance is between 0 and {most} m": "mesure {id} : une distance va de 0 à {most} m",
    "measure {id}: nobody has it, and it is {lock}": "mesure {id} : verrouillée ({lock}) sans être à quelqu’un",
    "measure {id}: unknown professional {who}": "mesure {id} : professionnel inconnu, {who}",
    "{id}: {name} is {value}, not between {least} and {most}": "{id} : {name} vaut {value}, hors de {least} à {most}",
    "professional twice: {id}": "professionnel présent deux fois : {id}",
    "measure twice: {id}": "mesure présente deux fois : {id}",
}
SENTENCES = OF_ALL | OF_HEARINGS | OF_ROUNDS | OF_BEDS | OF_SHARES


def contradiction(said: str) -> str:
    """Return in French what a problem said."""
    for pattern, french in _patterns():
        if found := pattern.fullmatch(said):
            return french.format_map(found.groupdict())
    return said


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return what each template matches, the most precise first: those that begin with a variable part come last."""
    ordered = sorted(SENTENCES, key=lambda one: (one.startswith("{"), -len(one)))
    return tuple((re.compile(_pattern(one)), SENTENCES[one]) for one in ordered)


def _pattern(template: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(template))
