"""How the refusals of convening are said, to programs and to people."""

from __future__ import annotations

from typing import cast

from availability.errors import InvalidRequest, Refusal
from convocations.errors import (
    AlreadySummoned,
    AppointmentChanged,
    CallbackOver,
    ConvocationOver,
    EarlierGone,
    HelpOver,
    LinkExpired,
    LinkUnknown,
    MessageOver,
    SummonedAlready,
    TextChanged,
    TextRefused,
    TextTelling,
    TooManyActs,
)
from convocations.in_bulk import NoStartLeft
from convocations.pages.template_problems import problem_words
from convocations.texts import Problem
from portal.problems import problem, sentence


def _of_over(refusal: Refusal) -> str:
    if "standing" in refusal.facts:
        return "La personne l’a rendu, ou sa convocation est retirée : convoquez-la à nouveau."
    if refusal.facts.get("why") == "told":
        return "Trop tard pour tout annuler : retirez cette convocation depuis sa fiche, la personne sera prévenue."
    if refusal.facts.get("why") == "not-withdrawn":
        return "Cette convocation ne peut plus être rétablie : convoquez à nouveau la personne."
    if refusal.facts.get("why") == "another":
        return "La personne a pris une autre heure depuis."
    return "Cette convocation n’en est plus là."


def _of_text(refusal: Refusal) -> str:
    return " ".join(problem_words(one) for one in cast("list[Problem]", refusal.facts["problems"]))


def _of_telling(refusal: Refusal) -> str:
    words = ", ".join(cast("list[str]", refusal.facts["words"]))
    return f"Ces mots sont à confirmer, ou à retirer : {words}."


problem(TextRefused, 422, "text-refused", "Texte refusé", _of_text)
problem(TextTelling, 409, "text-telling", "Texte à confirmer", _of_telling)
problem(TextChanged, 409, "text-changed", "Texte changé", "Quelqu’un a changé ce texte entre-temps : le voici.")
problem(AlreadySummoned, 409, "already-summoned", "Déjà convoquée", "Une convocation existe déjà pour ce rendez-vous.")
problem(ConvocationOver, 409, "convocation-over", "Convocation terminée", _of_over)
problem(AppointmentChanged, 409, "appointment-changed", "Rendez-vous changé", "Le rendez-vous a changé entre-temps.")
problem(LinkUnknown, 404, "link-unknown", "Lien inconnu")
problem(LinkExpired, 410, "link-expired", "Lien expiré")
problem(EarlierGone, 409, "earlier-gone", "Date plus tôt reprise", "Cette date plus tôt n’est plus proposée.")
problem(TooManyActs, 429, "too-many-acts", "Trop d’actes avec ce lien")
problem(CallbackOver, 409, "callback-over", "Demande terminée", "Cette demande d’appel n’en est plus là.")
problem(HelpOver, 410, "help-over", "Aide terminée", "Cette aide est terminée : rouvrez le lien avec la personne.")
problem(MessageOver, 409, "message-over", "Message terminé", "Ce message n’en est plus là.")

problem(
    SummonedAlready,
    409,
    "summoned-already",
    "Déjà convoquée pour cela",
    "La personne est déjà convoquée pour ce type de rendez-vous.",
)
problem(
    NoStartLeft,
    409,
    "no-start-left",
    "Plus de créneau libre",
    "Il ne reste pas de créneau libre pour cette personne : ajoutez un agent ou un lieu.",
)

INVALID = {
    ("person_id", "required"): "Indiquez qui vous convoquez : choisissez une personne, ou créez-la.",
    ("start", "required"): "Choisissez un créneau, ou laissez la personne choisir.",
    ("start", "past"): "Ce rendez-vous a commencé : il ne se déplace plus.",
    ("from", "past"): "Ce créneau est passé.",
    ("from", "too-soon"): "Ce créneau est trop proche : ce service demande un délai.",
    ("from", "too-far"): "Ce créneau est trop loin.",
    ("resource_id", "required"): "Choisissez chez qui.",
    ("choose_by", "unreadable"): "Indiquez jusqu’à quel jour la personne peut choisir.",
    ("choose_by", "past"): "Ce jour est passé : la personne ne pourrait pas choisir.",
    ("choose_by", "too-far"): "C’est trop loin : aucun créneau n’est ouvert jusque-là.",
    ("on_day", "too-late"): "Ce jour n’est pas encore venu : notez la remise une fois faite.",
    ("on_day", "past"): "Ce jour est avant la convocation : vérifiez la date.",
    ("reservation", "no-hour"): "Cette réservation n’a pas d’heure : on ne convoque qu’à un rendez-vous.",
    ("outcome", "not-begun"): "Le rendez-vous n’a pas commencé.",
    ("language", "unknown-choice"): "Choisissez une langue de la liste.",
    ("kind_id", "unknown-choice"): "Choisissez un type de la liste.",
    ("hours", "reminder-hours"): "Un rappel de plus part entre 2 et 30 jours avant, et il y en a trois au plus.",
    ("outcome", "too-late"): "Il y a plus de six mois : cela ne se corrige plus.",
}


def said(refusal: Refusal) -> str:
    """Return the French sentence of a refusal."""
    if isinstance(refusal, InvalidRequest) and (words := INVALID.get((refusal.field, refusal.problem))):
        return words
    return sentence(refusal)
