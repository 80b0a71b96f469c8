"""The French of what the catalogue refuses: one sentence a rule, for pages and programs alike. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from availability.errors import PeriodTaken, Refusal
from availability.slots import WhyNot

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
    "rrule": "la répétition",
    "but_on": "les jours d’exception",
    "count": "le nombre de fois",
    "last_on": "le dernier jour",
    "de": "l’heure d’ouverture",
    "a": "l’heure de fermeture",
    "code": "le choix",
    "label": "le nom",
    "url": "l’adresse de l’agenda",
    "link": "le lien",
    "pair": "la double convocation",
    "organisation": "l’organisme",
    "court": "le tribunal",
    "anchor_on": "le premier jour de la répétition",
    "except_on": "les jours d’exception",
    "extra_on": "les jours ajoutés",
    "source": "la semaine à copier",
    "targets": "les semaines où copier",
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
    "meeting_kind_id": "le rendez-vous d’information",
    "hearing_kind_id": "l’audience",
    "min_notice_days": "le délai de prévenance",
    "refused_if_violence": "l’exclusion en cas de violences",
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
    "too-soon-minutes": "il faut s’y prendre au moins {minutes} minutes avant : choisissez plus tard",
    "not-a-recurrence": "« {value} » ne se lit pas : écrivez par exemple FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
    "frequency": "« {value} » n’est pas une fréquence : choisissez DAILY, WEEKLY, MONTHLY ou YEARLY",
    "part-not-allowed": "{value} ne s’emploie pas avec cette fréquence : enlevez-le",
    "part-out-of-range": "{value} doit être compris entre {least} et {most}",
    "count-and-until": "indiquez un nombre de fois (COUNT) ou une date de fin (UNTIL), pas les deux",
    "missing": "à renseigner",
    "not-https": "l’adresse doit commencer par https:// ou webcal://",
    "has-password": "l’adresse contient un mot de passe : donnez plutôt l’adresse secrète de partage",
    "inside": "cette adresse est celle d’un réseau interne : donnez une adresse d’Internet",
    "no-time": "cette heure ne se lit pas : écrivez par exemple 9 h 30",
    "not-a-whole-number": "« {value} » n’est pas un nombre entier",
    "last-before-first": "le dernier jour ne peut pas être avant le premier",
    "not-a-date": "« {value} » n’est pas une date",
    "not-a-monday": "le {value} n’est pas un lundi : une semaine commence le lundi",
    "capacity-already": "une capacité de {capacity} est déjà prévue du {first} au {until} exclu : retirez-la d’abord",
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
    "not-a-meeting": "choisissez un type à créneaux",
    "recess-overlaps": "ces jours touchent d’autres vacations du même tribunal : retirez-les d’abord",
    "too-many-days": "{most} jours au plus",
    "nothing-left": "le délai de prévenance ne laisse aucun jour : il doit être plus court que l’horizon",
    "only-designated": "seul un type désigné par un juge peut l’être",
    "column-twice": "deux colonnes ne peuvent pas donner la même chose : choisissez l’une des deux",
    "column-missing": "il manque une colonne : choisissez-la",
    "not-for-this-kind-of-place": "ce type de lieu n’en a pas : laissez la case vide",
    "choice-twice": "ce choix y est deux fois",
    "not-a-hearing": "choisissez un type d’audience en service",
    "only-with-meeting": "choisissez d’abord le rendez-vous d’information",
}


# By the `why` of a refusal: what is so, then what to do.
WHY_WORDS: dict[str, str] = {
    WhyNot.PAST: "Cette heure est passée : choisissez-en une à venir.",
    WhyNot.TOO_SOON: "C’est trop tôt pour ce service, qui demande un délai : choisissez plus tard.",
    WhyNot.TOO_FAR: "Ce service n’ouvre pas encore ses créneaux aussi loin : choisissez plus tôt.",
    WhyNot.CLOSED: "Ce lieu est fermé ce jour-là : choisissez un autre jour.",
    WhyNot.HOLIDAY: "C’est un jour férié là-bas : choisissez un autre jour.",
    WhyNot.WEEKEND: "Ce lieu ne reçoit pas le week-end : choisissez un jour de semaine.",
    WhyNot.RECESS: "Ce sont les vacations judiciaires : choisissez un jour après elles.",
    WhyNot.OUTSIDE_HOURS: "Ce lieu n’est pas ouvert à cette heure-là : choisissez un créneau de ses horaires.",
    WhyNot.OFF_GRID: "Aucun créneau ne commence à cette heure-là : choisissez l’un de ceux qui sont proposés.",
    WhyNot.NO_SEAT: "Personne n’est reçu à ce moment-là : choisissez un autre créneau.",
    WhyNot.ABSENCE: "La personne qui reçoit est absente à ce moment-là : choisissez un autre créneau.",
    WhyNot.HELD: "Quelqu’un est en train de réserver ce créneau : choisissez-en un autre, ou réessayez plus tard.",
    WhyNot.TAKEN: "Cette place vient d’être prise : choisissez-en une autre.",
    WhyNot.WRONG_PROFILE: "Ce lieu n’accueille pas cette personne : cherchez-en un autre qui convient.",
    "out-of-service": "Ce lieu n’est plus en service : choisissez-en un autre.",
    "no-session": "Cette audience est passée ou n’existe plus : choisissez-en une autre.",
}


def why_sentence(refusal: Refusal) -> str:
    """Return why what was wanted is not free, and what to do; the general sentence when the refusal says no reason."""
    unsaid = WhyNot.TAKEN if isinstance(refusal, PeriodTaken) else WhyNot.OUTSIDE_HOURS
    return WHY_WORDS.get(str(refusal.facts.get("why")), WHY_WORDS[unsaid])


def invalid_sentence(refusal: Refusal) -> str:
    """Return "La fin : la fin doit être après le début.", or the general sentence for a rule without words."""
    facts = refusal.facts
    field, problem = str(facts.get("field")), str(facts.get("problem"))
    if field not in FIELD_WORDS and problem not in PROBLEM_WORDS:
        return f"Valeur refusée pour « {field} » : {problem}."
    named = FIELD_WORDS.get(field, f"« {field} »")
    words = PROBLEM_WORDS.get(problem, "valeur refusée").format_map(_Shown(facts))
    if isinstance(choices := facts.get("choices"), (list, tuple)):
        words += f" : choisissez parmi {', '.join(str(choice) for choice in choices)}"
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
