"""How the refusals of convening are said, to programs and to people."""

from __future__ import annotations

from availability.errors import InvalidRequest, Refusal
from convocations.errors import (
    AlreadySummoned,
    AppointmentChanged,
    ConvocationOver,
    LinkExpired,
    LinkUnknown,
    MessageOver,
    TooManyActs,
)
from portal.problems import problem, sentence


def _of_over(refusal: Refusal) -> str:
    if "standing" in refusal.facts:
        return "La personne l’a rendu, ou sa convocation est retirée : convoquez-la à nouveau."
    if refusal.facts.get("why") == "another":
        return "La personne a pris une autre heure depuis."
    return "Cette convocation n’en est plus là."


problem(AlreadySummoned, 409, "already-summoned", "Déjà convoquée", "Une convocation existe déjà pour ce rendez-vous.")
problem(ConvocationOver, 409, "convocation-over", "Convocation terminée", _of_over)
problem(AppointmentChanged, 409, "appointment-changed", "Rendez-vous changé", "Le rendez-vous a changé entre-temps.")
problem(LinkUnknown, 404, "link-unknown", "Lien inconnu")
problem(LinkExpired, 410, "link-expired", "Lien expiré")
problem(TooManyActs, 429, "too-many-acts", "Trop d’actes avec ce lien")
problem(MessageOver, 409, "message-over", "Message terminé", "Ce message n’en est plus là.")

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
    ("reservation", "no-hour"): "Cette réservation n’a pas d’heure : on ne convoque qu’à un rendez-vous.",
    ("outcome", "not-begun"): "Le rendez-vous n’a pas commencé.",
    ("outcome", "too-late"): "Il y a plus de six mois : cela ne se corrige plus.",
}


def said(refusal: Refusal) -> str:
    """Return the French sentence of a refusal."""
    if isinstance(refusal, InvalidRequest) and (words := INVALID.get((refusal.field, refusal.problem))):
        return words
    return sentence(refusal)
