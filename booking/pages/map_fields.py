"""The filters of a kind as the page shows them: fields generated from its schema, and tags for those in use. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from availability.attributes import ANY, Attribute, AttributeType
from availability.models import Kind, Shape
from availability.search import Found
from booking.filters import DEFAULT_TRAVEL_MIN, WORK_DAYS, Filters, Reading, name_of, schema_of
from booking.pages.hours_words import span_words
from booking.pages.map_words import center_words, duration
from booking.pages.traits import lower
from booking.saved_models import LABEL_LENGTH
from portal.ui.dates import NBSP, day

MOST_PROPOSED = 40
DAY_WORDS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
ANYBODY = ("", "Indifférent")
NOT_NAMED = ("personne,sexe,age", "libres", "ailleurs")  # what the name of a saved search leaves out
# What can be asked of several kinds alike, whatever their schema.
DELAY_FIELD = ("delai", "Délai au plus (jours)", "")
LOAD_FIELD = ("charge", "Charge au plus (%)", "Mesures en cours sur la capacité déclarée")
FRESH_FIELD = ("recent", "Déclaration à jour")
HINTS = {AttributeType.LIST: "Séparez par des virgules"}


@dataclass(frozen=True)
class Field:
    """One field. `type`: choice, flag, number or text. `proposed` are values that places of the answer have."""

    name: str
    message_id: str
    list_id: str
    label: str
    type: str
    value: str
    problem: str
    hint: str
    options: list[tuple[str, str]]
    proposed: list[str]


@dataclass(frozen=True)
class Tag:
    """A filter in use; `names` are those to empty to remove it, separated by commas."""

    names: str
    label: str


@dataclass(frozen=True)
class Fields:
    """What the page shows: the few fields always in sight, those under "Plus de critères", the hours of work."""

    main: list[Field]
    more: list[Field]
    has_hours: bool

    @property
    def names(self) -> list[str]:
        """Return the names of the fields shown: a form that says nothing of one of them empties it."""
        return [field.name for field in (*self.main, *self.more)]


def fields_of(kind: Kind, reading: Reading, found: Iterable[Found]) -> Fields:
    """Return the fields of a kind, with what was typed in each."""
    attributes = schema_of(kind)
    shown = [one for one in attributes if one.type is not AttributeType.HOURS and not one.is_delay]
    made = [_field(one, reading, found) for one in shown]
    in_sight = {name_of(one) for one in shown if one.code in ("sex", "age")}
    has_delay = kind.shape in (Shape.SLOTS, Shape.SESSIONS) or any(one.is_delay for one in attributes)
    shared = [
        *([_plain(*DELAY_FIELD, reading)] if has_delay else []),
        *([_plain(*LOAD_FIELD, reading), _flag(*FRESH_FIELD, reading)] if kind.shape == Shape.PLACES else []),
    ]
    rest = [field for field in made if field.name not in in_sight] + shared
    return Fields(
        main=[field for field in made if field.name in in_sight],
        more=sorted(rest, key=lambda field: field.type == "flag"),
        has_hours=any(one.type is AttributeType.HOURS for one in attributes),
    )


def tags_of(kind: Kind, reading: Reading, typed: Filters, person: str) -> list[Tag]:
    """Return the filters in use, in the order of the form; `typed` is what the address says, without defaults.

    `person` is whom one searches for: sex and age are theirs, and go with them.
    """
    values, attributes = typed.typed(), [one for one in schema_of(kind) if not person or one.code not in ("sex", "age")]
    tags = [
        _tag("personne,sexe,age", f"Pour {person}" if person else ""),
        _tag("lieu,point", _around(typed)),
        _tag("cadre", "Partie affichée de la carte" if typed.cadre else ""),
        _tag("du,au", _dates(reading) if typed.du or typed.au else ""),
        _tag("mesure,rayon,trajet", _reach(typed)),
        _tag("debut,fin,jours", work_words(reading)),
        *(_tag(name_of(one), _asked(one, values.get(name_of(one), ""))) for one in attributes),
        _tag(
            "delai", f"Délai{NBSP}: {values['delai']} jours au plus" if reading.wish.max_delay_days is not None else ""
        ),
        _tag("charge", f"Charge{NBSP}: {values['charge']}{NBSP}% au plus" if reading.wish.max_load is not None else ""),
        _tag("recent", FRESH_FIELD[1] if reading.wish.fresh else ""),
        _tag("libres", "Seulement ce qui est libre" if typed.flag("libres") else ""),
        _tag("ailleurs", "Au-delà de mon ressort" if typed.flag("ailleurs") else ""),
    ]
    return [tag for tag in tags if tag.label]


def work_words(reading: Reading) -> str:
    """Return "Travaille de 6 h à 14 h 30, lun.–ven., à cette adresse", or nothing."""
    work = reading.wish.work
    if work is None:
        return ""
    return f"Travaille {span_words(work.starts, work.ends)}, {days_words(work.weekdays)}, à cette adresse"


def days_words(weekdays: Iterable[int]) -> str:
    """Return "lun.–ven.", "lun., mer."; Monday is 0."""
    days = sorted(weekdays)
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAY_WORDS[days[0]]}–{DAY_WORDS[days[-1]]}"
    return ", ".join(DAY_WORDS[number] for number in days)


def search_name(kind: Kind, tags: Sequence[Tag]) -> str:
    """Return the name that a search has until its owner gives another; it names nobody."""
    return ", ".join([kind.layer, *(lower(tag.label) for tag in tags if tag.names not in NOT_NAMED)])[:LABEL_LENGTH]


def _field(one: Attribute, reading: Reading, found: Iterable[Found]) -> Field:
    name = name_of(one)
    kinds = {AttributeType.CHOICE: "choice", AttributeType.FLAG: "flag", AttributeType.LIST: "list"}
    numbers = (AttributeType.RANGE, AttributeType.NUMBER)
    type_ = kinds.get(one.type, "number" if one.type in numbers else "text")
    options = [(code, label) for code, label in one.choices.items() if code != ANY]
    if type_ == "list":
        type_ = "choice" if options else "text"
    label = f"{one.label} ({one.unit})" if one.unit else one.label
    return _made(
        name,
        label,
        type_,
        reading,
        hint="" if options else HINTS.get(one.type, ""),
        options=[ANYBODY, *options] if options else [],
        proposed=_proposed(one, found) if type_ == "text" else [],
    )


def _proposed(one: Attribute, found: Iterable[Found]) -> list[str]:
    values: set[str] = set()
    for each in found:
        value = each.attributes.get(one.code)
        values.update(str(part) for part in (value if isinstance(value, list) else [value]) if part)
    return sorted(values)[:MOST_PROPOSED]


def _plain(name: str, label: str, hint: str, reading: Reading) -> Field:
    return _made(name, label, "number", reading, hint=hint)


def _flag(name: str, label: str, reading: Reading) -> Field:
    return _made(name, label, "flag", reading)


def _made(
    name: str,
    label: str,
    type_: str,
    reading: Reading,
    *,
    hint: str = "",
    options: Sequence[tuple[str, str]] = (),
    proposed: Sequence[str] = (),
) -> Field:
    value = reading.filters.typed().get(name, "")
    return Field(
        name=name,
        message_id=f"{name}-message",
        list_id=f"{name}-valeurs",
        label=label,
        type=type_,
        value=value,
        problem=reading.problems.get(name, ""),
        hint=hint,
        options=list(options),
        proposed=list(proposed),
    )


def _tag(names: str, label: str) -> Tag:
    return Tag(names, label)


def _around(typed: Filters) -> str:
    if typed.point:
        return f"Autour {center_words(typed)}"
    return f"Autour de {typed.lieu}" if typed.lieu else ""


def _dates(reading: Reading) -> str:
    wish = reading.wish
    return f"Du {day(wish.first)} au {day(wish.until)}"


def _reach(typed: Filters) -> str:
    if typed.mesure == "min":
        minutes = int(typed.trajet) if typed.trajet.isdecimal() and typed.trajet.isascii() else DEFAULT_TRAVEL_MIN
        return f"{duration(min(minutes, 999))} de trajet au plus"
    return f"{typed.rayon}{NBSP}km au plus" if typed.rayon else ""


def _asked(one: Attribute, typed: str) -> str:
    if not typed or one.type is AttributeType.HOURS or one.is_delay:
        return ""
    if one.type is AttributeType.FLAG:
        return one.label
    return f"{one.label}{NBSP}: {one.choices.get(typed, typed)}"


def merged(kept: Filters, form: Mapping[str, object], shown: Iterable[str], displayed: Mapping[str, str]) -> Filters:
    """Return the filters once a form is sent: what it does not show is kept, and so is what nobody touched.

    `displayed` is what the form showed: a default left as it is stays a default, and does not enter the address.
    """
    typed, before = Filters.read(form).typed(), kept.typed()
    names = tuple(shown)
    values = before | {
        name: before.get(name, "") if typed.get(name, "") == displayed.get(name, "") else typed.get(name, "")
        for name in names
    }
    if "debut" in names:
        days = "".join(number for number in "1234567" if form.get(f"jour_{number}"))
        is_usual = days == WORK_DAYS or not (values["debut"] or values["fin"])
        values["jours"] = "" if is_usual else days or "0"
    return Filters.read(values)
