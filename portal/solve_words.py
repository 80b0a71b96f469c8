"""What `placejuste solve` says of prices, rules and files, in French. A problem has its words here, code by code."""

from __future__ import annotations

from optimizer.searching import Ended

ENDED_WORDS = {
    Ended.PROVED: "Plan optimal : aucun ne coûte moins.",
    Ended.LIMIT: "Meilleur plan trouvé dans le temps donné.",
    Ended.STOPPED: "Recherche arrêtée : meilleur plan trouvé jusque-là.",
}
PRICE_WORDS = {
    "hearings": {
        "unplaced": "affaires sans audience",
        "late": "dont l’échéance passe avant le plan suivant",
        "unstaffed": "audiences que personne ne tient",
        "spread": "écart d’audiences entre le juge qui en a le plus et le moins chargé",
        "spread-minutes": "écart de minutes entre le juge qui en a le plus et le moins chargé",
        "days": "jours d’attente",
        "overdue": "jours au-delà de la date souhaitée",
        "lawyers": "venues d’avocats",
        "overtime": "minutes de dépassement",
        "moved": "affaires déplacées",
        "told": "affaires déplacées dont les personnes étaient prévenues",
        "restaffed": "audiences dont la composition ou la salle change",
    },
    "shares": {
        "unplaced": "mesures sans personne",
        "largest-load": "plus grande charge",
        "distance-km": "kilomètres",
        "distance-unknown": "distances inconnues",
        "moved": "mesures qui changent de mains",
        "not-preferred": "souhaits non suivis",
        "euros": "euros",
    },
}
RULE_WORDS = {
    "hearings": {
        "decided": "composition arrêtée, changée",
        "unknown-hearing": "audience inconnue",
        "unknown-case": "affaire inconnue",
        "unknown-bench": "magistrat ou greffier inconnu",
        "unknown-room": "salle inconnue",
        "bench-away": "magistrat ou greffier absent",
        "room-away": "salle indisponible",
        "judge-twice": "magistrat deux fois à la même heure",
        "clerk-twice": "greffier deux fois à la même heure",
        "room-twice": "salle prise deux fois à la même heure",
        "after-deadline": "après l’échéance",
        "before-ready": "avant la fin du délai de convocation",
        "unstaffed": "audience que personne ne tient",
        "refused-judge": "juge écarté dans ce dossier",
        "quota": "quota de la matière dépassé",
        "cases": "trop d’affaires",
        "minutes": "trop de minutes",
    },
    "shares": {
        "conflict": "conflit d’intérêts",
        "kind": "mesure d’un type non pris",
        "attribute": "compétence manquante",
        "language": "langue manquante",
        "zone": "hors de la zone",
        "distance": "trop loin",
        "full": "capacité dépassée",
        "frozen": "mesure figée, donnée à un autre",
        "unknown-measure": "mesure inconnue",
        "unknown-professional": "professionnel inconnu",
    },
}
PLACE_WORDS = {
    "hearing_id": "audience",
    "case_id": "affaire",
    "resource_id": "personne ou salle",
    "measure_id": "mesure",
    "professional_id": "professionnel",
}
# Codes of pydantic; of others its own words are shown.
FAULT_WORDS = {
    "missing": "champ obligatoire absent",
    "unexpected_keyword_argument": "champ inconnu",
    "json_invalid": "ce n’est pas du JSON : {error}",
    "dataclass_type": "un objet {{…}} est attendu",
    "tuple_type": "une liste […] est attendue",
    "frozen_set_type": "une liste […] est attendue",
    "mapping_type": "un objet {{…}} est attendu",
    "dict_type": "un objet {{…}} est attendu",
    "int_type": "un nombre entier est attendu",
    "int_parsing": "un nombre entier est attendu",
    "int_from_float": "un nombre entier est attendu",
    "float_type": "un nombre est attendu",
    "finite_number": "un nombre fini est attendu",
    "bool_type": "true ou false est attendu",
    "string_type": "un texte entre guillemets est attendu",
    "enum": "une de ces valeurs est attendue : {expected}",
    "uuid_parsing": "un identifiant UUID est attendu",
    "uuid_type": "un identifiant UUID est attendu",
    "date_parsing": "une date AAAA-MM-JJ est attendue",
    "date_from_datetime_parsing": "une date AAAA-MM-JJ est attendue",
    "date_type": "une date AAAA-MM-JJ est attendue",
    "datetime_parsing": "un instant AAAA-MM-JJTHH:MM:SS+01:00 est attendu",
    "datetime_from_date_parsing": "un instant AAAA-MM-JJTHH:MM:SS+01:00 est attendu",
    "datetime_type": "un instant AAAA-MM-JJTHH:MM:SS+01:00 est attendu",
    "value_error": "valeur refusée : {error}",
}


def number(value: float) -> str:
    """Return a number as it is written in French, with a decimal when it is not whole."""
    whole = float(value).is_integer()
    return f"{value:,.{0 if whole else 1}f}".replace(",", "\u202f").replace(".", ",")
