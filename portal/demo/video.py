"""Prosecutors, interpreters and ends of video links: those of the court of Lyon, and those of prisons near and far."""

from __future__ import annotations

from random import Random

from availability.models import Kind, Shape
from booking.hearing_template_spec import INTERPRETER_KIND, PROSECUTOR_KIND, VIDEO_KIND
from portal.demo.catalogue import Catalogue, of_town, short_name
from portal.demo.names import family_name, given_name

COURT = "TGILYON"
PRISONS = (COURT, "TGIGRENOBL", "TGIMARSEIL", "TGILILLE", "TGIPARIS")  # of whose territory each is
LANGUAGES = {"sq": "albanais", "ar": "arabe", "fsl": "langue des signes"}  # of the interpreters, in order
SPOKEN = {"label": "Langues", "type": "list", "choices": LANGUAGES}
KINDS = tuple(
    Kind(
        code=code,
        label=label,
        label_plural=plural,
        layer=layer,
        shape=Shape.SLOTS.value,
        position=position,
        crosses_territories=code == VIDEO_KIND,  # its other end is wherever the person is held
        searchable={"languages": SPOKEN} if code == INTERPRETER_KIND else {},
    )
    for position, (code, label, plural, layer) in enumerate(
        (
            (PROSECUTOR_KIND, "magistrat du parquet", "magistrats du parquet", "Parquet"),
            (INTERPRETER_KIND, "interprète", "interprètes", "Interprètes"),
            (VIDEO_KIND, "visioconférence", "visioconférences", "Visio"),
        ),
        start=93,
    )
)


def linked_with_lyon(catalogue: Catalogue, rng: Random) -> None:
    """Add who sits beside the judges of Lyon, two ends of links there, and one or two in each prison."""
    host = next(one for one in catalogue.courthouses if one.court.code == COURT)
    for _ in range(2):
        catalogue.place(host, PROSECUTOR_KIND, f"{given_name(rng, rng.choice('FM'))} {family_name(rng)}")
    for code, language in LANGUAGES.items():
        name = f"{given_name(rng, rng.choice('FM'))} {family_name(rng)}"
        catalogue.place(host, INTERPRETER_KIND, f"{name} ({language})", attributes={"languages": [code]})
    for room in ("salle 3", "salle 5"):
        catalogue.place(host, VIDEO_KIND, f"Visio, {room}")
    for code in PRISONS:
        court = catalogue.map.by_code[code]
        town = short_name(court.commune)
        prison = catalogue.host(rng, f"PRISON-{code}", f"Maison d’arrêt fictive {of_town(town)}", court.commune, court)
        for number in range(1, 3):
            catalogue.place(prison, VIDEO_KIND, f"Visio, parloir {number}")
