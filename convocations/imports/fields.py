"""What a column of an export can say of people and hearings, and what the applications of the field are known to send.

What is read and not kept has a field too: the page says so, rather than leaving a column of measures unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from availability.importers.columns import Field, compared
from convocations.import_models import What

FAMILY, GIVEN, BOTH, USAGE, ALIASES = "family_name", "given_name", "names", "usage_name", "aliases"
FILE, PROSECUTION, BIRTH, SEX, LANGUAGE, PHONE = "file_number", "prosecution", "birth_on", "sex", "language", "phone"
ADDRESS, POSTCODE, COMMUNE = "address", "postcode", "commune"
HEARING, CASE, DAY, HOUR, MOMENT = "hearing_number", "case_ref", "day", "hour", "moment"
PLACE, ROOM, CHAMBER, MINUTES = "place", "room", "chamber", "minutes"
AGE, MEASURE, SEGMENT, JUDGE, LAWYER, NATURE = "age", "measure", "segment", "judge", "lawyer", "nature"
UNKEPT = (AGE, MEASURE, SEGMENT, JUDGE, LAWYER, NATURE)  # minimisation: nothing here needs them

PERSON = (
    Field(FAMILY, "Nom", ("nom de naissance", "nom de famille", "nom patronymique", "nom partie")),
    Field(GIVEN, "Prénom", ("prénoms", "prénom partie", "prénom(s)")),
    Field(BOTH, "Nom et prénom", ("nom prénom", "identité", "justiciable", "partie", "prévenu", "condamné")),
    Field(USAGE, "Nom d’usage", ("nom d'usage", "nom marital", "nom d'épouse")),
    Field(ALIASES, "Alias", ("surnom", "autres noms")),
    Field(FILE, "Numéro de dossier", ("n° dossier", "dossier", "n° de dossier", "numéro dossier", "identifiant")),
    Field(PROSECUTION, "Numéro de parquet", ("n° parquet", "parquet", "n° de parquet", "numéro parquet")),
    Field(BIRTH, "Date de naissance", ("né le", "née le", "né(e) le", "naissance", "ddn", "date naissance")),
    Field(SEX, "Sexe ou civilité", ("sexe", "civilité", "genre", "titre")),
    Field(LANGUAGE, "Langue", ("langue parlée", "interprète")),
    Field(PHONE, "Téléphone", ("tél", "tel", "portable", "mobile", "téléphone portable", "n° téléphone", "gsm")),
    Field(ADDRESS, "Adresse", ("rue", "voie", "domicile", "adresse domicile")),
    Field(POSTCODE, "Code postal", ("cp",)),
    Field(COMMUNE, "Commune de domicile", ("commune", "ville", "localité")),
)
HEARINGS = (
    Field(HEARING, "Numéro d’audience", ("n° audience", "numéro de convocation", "n° convocation", "id audience")),
    Field(CASE, "Numéro RG ou d’affaire", ("n° rg", "rg", "numéro rg", "n° affaire", "numéro d'affaire", "portalis")),
    Field(
        DAY, "Date", ("date audience", "date d'audience", "date de l'audience", "jour", "date rdv", "date convocation")
    ),
    Field(HOUR, "Heure", ("heure audience", "heure d'audience", "horaire", "heure rdv", "heure convocation")),
    Field(MOMENT, "Date et heure", ("date heure", "date/heure", "date et heure d'audience", "horodatage")),
    Field(
        PLACE, "Agent, cabinet ou service", ("agent", "cabinet", "magistrat", "avec", "conseiller", "service", "lieu")
    ),
    Field(ROOM, "Salle", ("salle d'audience", "n° salle")),
    Field(CHAMBER, "Chambre", ("formation", "chambre/formation", "section")),
    Field(MINUTES, "Durée (minutes)", ("durée", "minutes", "temps prévu")),
)
ASIDE_OF_PEOPLE = (
    Field(AGE, "Âge (lu, non gardé)", ("age", "âge")),
    Field(MEASURE, "Mesure (lue, non gardée)", ("mesure/intervention", "mesure", "intervention", "peine")),
    Field(SEGMENT, "Suivi (lu, non gardé)", ("typologie du suivi/segment", "typologie du suivi", "segment")),
    Field(JUDGE, "JAP (lu, non gardé)", ("attribution jap", "jap", "juge")),
)
ASIDE_OF_HEARINGS = (
    Field(LAWYER, "Avocat (lu, non gardé)", ("avocat", "conseil", "avocats")),
    Field(NATURE, "Nature (lue, non gardée)", ("nature", "nature affaire", "nac", "infraction", "natinf", "motif")),
)


@dataclass(frozen=True)
class Preset:
    """What the export of an application is taken to be, until somebody has seen a real one."""

    code: str
    label: str
    what: What
    is_checked: bool  # on its published columns
    headings: Mapping[str, str] = field(default_factory=dict)  # heading -> field, besides what is guessed

    @property
    def columns(self) -> dict[str, Any]:
        """Return the fields by compared heading, as a matching keeps them."""
        return {compared(heading): code for heading, code in self.headings.items()}


APPI = {
    "Nom": FAMILY, "Prénom": GIVEN, "Nom d'usage": USAGE, "Numéro de dossier": FILE, "Date de naissance": BIRTH,
    "Age": AGE, "Mesure/Intervention": MEASURE, "Numéro de parquet": PROSECUTION, "Alias": ALIASES,
    "Commune de domicile": COMMUNE, "Typologie du suivi/segment": SEGMENT, "Attribution JAP": JUDGE,
}  # fmt: skip
PRESETS = (
    Preset("appi", "APPI, liste des personnes suivies", What.PEOPLE, True, APPI),
    Preset(
        "cassiopee", "Cassiopée, rôle d’audience", What.HEARINGS, False,
        {"N° parquet": PROSECUTION, "Date audience": DAY, "Heure audience": HOUR, "Salle": ROOM, "Chambre": CHAMBER},
    ),
    Preset(
        "pilot", "Pilot, planning d’audiences", What.HEARINGS, False,
        {"Date": DAY, "Heure": HOUR, "Salle": ROOM, "Formation": CHAMBER, "N° affaire": CASE},
    ),
    Preset(
        "wineur", "WinCI / Wineur, audiences civiles", What.HEARINGS, False,
        {"N° RG": CASE, "Date d'audience": DAY, "Heure": HOUR, "Chambre": CHAMBER, "Partie": BOTH},
    ),
    Preset("liste-personnes", "Autre liste de personnes", What.PEOPLE, True),
    Preset("liste-audiences", "Autre liste de rendez-vous ou d’audiences", What.HEARINGS, True),
)  # fmt: skip
PRESET_OF = {one.code: one for one in PRESETS}


def fields_for(what: What) -> tuple[Field, ...]:
    """Return what a column can be."""
    if what is What.PEOPLE:
        return (*PERSON, *ASIDE_OF_PEOPLE)
    return (*HEARINGS, *PERSON, *ASIDE_OF_HEARINGS, *ASIDE_OF_PEOPLE)


def closest_preset(headings: tuple[str, ...]) -> Preset:
    """Return the preset that knows the most of these headings, one of the two plain ones when none knows half."""
    seen = {compared(heading) for heading in headings}

    def share(preset: Preset) -> float:
        return len(seen & set(preset.columns)) / len(preset.columns) if preset.columns else 0

    best = max(PRESETS, key=share)
    if share(best) >= 0.6:
        return best
    names = {compared(name) for one in HEARINGS if one.code in (DAY, HOUR, MOMENT) for name in (one.heading, *one.also)}
    return PRESET_OF["liste-audiences" if seen & names else "liste-personnes"]
