"""The French of what the catalogue refuses: one sentence a rule, for pages and programs alike. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from availability.errors import Refusal

FIELD_WORDS: dict[str, str] = {
    "from": "le début",
    "to": "la fin",
    "start": "l’heure",
    "minutes": "la durée",
    "near": "le point de départ",
    "radius_km": "la distance",
    "sex": "le sexe",
    "age": "l’âge",
    "kind": "le type",
    "beyond": "la recherche hors ressort",
    "cursor": "le curseur",
    "beneficiary": "la personne ou le numéro de dossier",
    "person_id": "la personne",
    "case_ref": "le numéro de dossier",
    "reason": "le motif",
    "resource_id": "le lieu",
    "unit_id": "le lit",
    "family": "la famille d’affaires",
    "phone": "le téléphone",
    "family_name": "le nom",
    "given_name": "le prénom",
    "birth_on": "la date de naissance",
    "file_number": "le numéro d’écrou ou de dossier",
    "address": "l’adresse",
    "capacity": "la capacité",
    "load": "la charge",
    "waiting": "l’attente",
    "outcome": "la venue",
    "choose_by": "le dernier jour pour choisir",
    "reminder_hours": "le rappel",
    "reservation": "la réservation",
    "booking_id": "la réservation",
    "first": "le premier jour",
    "last": "le dernier jour",
    "until": "la fin",
    "from_on": "le premier jour",
    "valid_until": "le dernier jour",
    "deadline_on": "la date limite",
    "rules": "les horaires",
    "weekday": "le jour de la semaine",
    "windows": "les heures de présence",
    "measure": "la mesure",
    "offer": "le choix proposé",
    "form": "le formulaire",
    "run_id": "la recherche",
    "type": "le type",
    "semaine": "la semaine",
    "work": "le lieu de travail",
    "work_days": "les jours de travail",
    "work_starts": "le début du travail",
    "work_ends": "la fin du travail",
    "max_travel_min": "le temps de trajet",
    "max_delay_days": "le délai",
    "max_load": "la charge",
    "fresh": "la date de déclaration",
    "attribute": "le critère",
    "searchable": "les critères",
    "is_delay": "le critère de délai",
}

PROBLEM_WORDS: dict[str, str] = {
    "required": "à renseigner",
    "unknown-choice": "ce choix n’existe pas",
    "not-for-this-kind": "ce type ne se cherche que sur votre ressort",
    "not-for-this-shape": "sans objet pour ce type de lieu",
    "other-shape": "ce lieu ne se réserve pas ainsi",
    "past": "cette date est passée",
    "too-soon": "il faut s’y prendre plus tôt : à partir du {earliest}",
    "too-far": "trop loin dans le temps : jusqu’au {latest}",
    "not-after-start": "la fin doit être après le début",
    "too-long": "c’est trop long",
    "no-offset": "le décalage horaire manque",
    "not-begun": "le rendez-vous n’a pas encore commencé",
    "too-late": "plus de six mois ont passé",
    "host-decides": "ce lieu accepte ou refuse lui-même chaque demande",
    "other-kind": "ce lieu est d’un autre type",
    "no-hour": "elle n’a pas d’heure : on n’y convoque pas",
    "not-positive": "doit être supérieur à zéro",
    "out-of-range": "doit être compris entre {least} et {most}",
    "not-on-earth": "ce point n’existe pas",
    "not-a-number": "ce numéro n’existe pas",
    "ambiguous-number": "ce numéro existe dans plusieurs territoires : écrivez-le avec son indicatif (+…)",
    "not-a-birth-date": "cette date de naissance n’est pas possible",
    "unreadable": "ce texte contient des caractères illisibles",
    "one-of-start-booking-offer": "indiquez un créneau, une réservation ou un choix à proposer, et un seul des trois",
    "only-with-an-offer": "ne sert que si la personne choisit elle-même",
    "only-without-a-booking": "la réservation dit déjà de qui il s’agit",
    "not-an-offer": "ce créneau ne vient pas de cette liste",
    "not-a-form": "il n’a pas pu être lu",
    "unknown-field": "ce champ n’existe pas",
    "too-many": "{most} au plus",
    "overlap": "deux plages du même jour se chevauchent",
    "not-a-window": "une heure de début et une heure de fin sont attendues",
    "unknown-weekday": "ce jour de la semaine n’existe pas",
    "no-such-filter": "ce type ne se cherche pas ainsi",
    "name-taken": "ce nom est déjà pris : choisissez-en un autre",
    "only-one": "un seul critère peut l’être",
    "not-a-code": "un nom technique s’écrit en minuscules sans accent, chiffres et traits bas, comme « niveau_1 »",
    "not-numeric": "un nombre est attendu",
    "beyond": "ce nombre n’est pas possible",
    "not-a-flag": "oui ou non est attendu",
    "not-a-list": "une liste est attendue",
    "not-hours": "une heure d’ouverture et une heure de fermeture sont attendues",
    "not-an-hour": "une heure s’écrit comme 05:30",
    "not-a-filter": "un critère s’écrit « nom:valeur »",
    "altered": "il ne vient pas de cette liste : recommencez sans lui",
}


def invalid_sentence(refusal: Refusal) -> str:
    """Return "La fin : la fin doit être après le début.", or the general sentence for a rule without words."""
    facts = refusal.facts
    field, problem = str(facts.get("field")), str(facts.get("problem"))
    if field not in FIELD_WORDS and problem not in PROBLEM_WORDS:
        return f"Valeur refusée pour « {field} » : {problem}."
    named = FIELD_WORDS.get(field, f"« {field} »")
    words = PROBLEM_WORDS.get(problem, "valeur refusée").format_map(_Shown(facts))
    if facts.get("max_days"):
        words += f" : {facts['max_days']} jours au plus"
    return f"{named[0].upper()}{named[1:]} : {words}."


class _Shown(dict[str, Any]):
    """Facts as they are read: dates the French way, nothing for what was not given."""

    def __missing__(self, name: str) -> str:
        return "…"

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        return value.strftime("%d/%m/%Y") if isinstance(value, date) else value
