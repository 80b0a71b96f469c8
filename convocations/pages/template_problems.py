"""What is wrong with the text of a message, in French: to people, and to programs. Pure."""

from __future__ import annotations

from convocations.texts import MOST_SIGNS, Problem, Variable, Wrong
from portal.ui.dates import NBSP

MISSING_WORDS = {
    Variable.LINK: "sans lui, qui le reçoit ne peut pas répondre",
    Variable.PLACE: "la personne ne saurait pas où venir",
    Variable.CHOOSE_BY: "la personne ne saurait pas jusqu’à quand choisir",
    Variable.ANSWER_BY: "le lieu ne saurait pas jusqu’à quand répondre",
    Variable.DAY: "la personne ne saurait pas quel jour",
    Variable.HOUR: "la personne ne saurait pas à quelle heure",
}


WORDS = {
    Wrong.EMPTY: "Écrivez le texte du message.",
    Wrong.TOO_LONG: "C’est trop long : {said} signes, {most} au plus.",
    Wrong.BRACE: "L’accolade « {said} » est seule : une variable s’écrit entre deux, {{lien}}.",
    Wrong.UNKNOWN: "« {{{said}}} » n’existe pas : écrivez {{{instead}}}.",
    Wrong.FORBIDDEN: "« {{{said}}} » est interdite : un SMS ne dit ni qui est la personne, ni pourquoi elle vient.",
    Wrong.NOT_HERE: "« {{{said}}} » n’a pas de sens dans ce message : écrivez {{{instead}}}.",
    Wrong.MISSING: "Il manque {{{instead}}} : {why}.",
    Wrong.NAMED: "« {said} » n’a pas accepté que son nom soit écrit : donnez plutôt l’adresse, {{lieu}}.",
}
NO_NEAREST = "« {{{said}}} » n’existe pas : choisissez une variable de la liste."
OR_ELSE = "Il manque {{{instead}}} ou {{{said}}} : {why}."
NOT_NAMED = "« {{{said}}} » : ce service n’a pas accepté que son nom soit écrit. Retirez-la, ou demandez-le-lui."


def problem_words(one: Problem) -> str:
    """Return what is wrong with a text, and what to write instead."""
    pattern, why = WORDS[one.code], ""
    if one.code is Wrong.UNKNOWN and not one.instead:
        pattern = NO_NEAREST
    if one.code is Wrong.FORBIDDEN and one.said == Variable.SERVICE:
        pattern = NOT_NAMED
    if one.code is Wrong.MISSING:
        pattern = WORDS[Wrong.MISSING] if one.said == one.instead else OR_ELSE
        why = MISSING_WORDS[Variable(one.said)]
    tied = pattern.replace("« ", f"«{NBSP}").replace(" »", f"{NBSP}»").replace(" :", f"{NBSP}:")
    return tied.format(said=one.said, instead=one.instead, most=MOST_SIGNS, why=why)
