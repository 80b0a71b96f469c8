"""Phone numbers of France, of its overseas territories and of abroad: read, told apart, and asked about. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from availability.errors import InvalidRequest
from availability.importers.phones import REGION

# ISO 3166 codes of the French territories that have a numbering of their own.
# +590 is that of GP, BL and MF, and +262 that of RE and YT.
TERRITORIES = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF")
# The postal codes of Saint-Barthélemy and Saint-Martin are among those of Guadeloupe.
REGIONS = REGION | {"97133": "BL", "97150": "MF"}
# The range that the regulator keeps for fiction: possible, never valid. Source: ARCEP, decision 2009-0496.
FICTION_PREFIX = "+3363998"
# What is dialled 02 62, 05 08, 05 96… is overseas, never +33. Source: ARCEP, decision 2018-0881, numbering plan.
OVERSEAS_PREFIXES = ("+33262", "+33263", "+33268", "+33269", "+33508", "+33590", "+33594", "+33596")
PLAIN = re.compile(r"[\d .()-]+", re.ASCII)  # digits as nearly everybody writes them
# What the library knows of each country, by sort: a number is valid when it is of one.
SORTS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
         "voicemail")  # fmt: skip
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


@dataclass(frozen=True)
class Reading:
    """A number that what was typed may stand for; `label` is how people write it from abroad."""

    e164: str
    region: str
    label: str
    is_mobile: bool


class AmbiguousNumber(InvalidRequest):
    """What was typed is a number of several territories: the user says which."""

    def __init__(self, found: Sequence[Reading]) -> None:
        super().__init__("phone", "ambiguous-number", readings=tuple(found))
        self.readings = tuple(found)


def read_phone(typed: str, regions: Sequence[str] = ("FR",), *, fiction: bool) -> str:
    """Return the one number that was typed, in E.164.

    Raises: InvalidRequest when it is none, AmbiguousNumber when it is several.
    """
    found = readings(typed, regions, fiction=fiction)
    if not found:
        raise InvalidRequest("phone", "not-a-number")
    if len(found) > 1:
        raise AmbiguousNumber(found)
    return found[0].e164


def readings(typed: str, regions: Iterable[str], *, fiction: bool) -> list[Reading]:
    """Return every number that was maybe typed, in the order of the regions, each number once.

    With its country code (+ or 00), a number has one reading at most. Without, each region reads it its own way, and
    several may: 75 12 34 is a mobile of Saint-Pierre and one of Nouméa. To choose the nearest would be to write to a
    stranger now and then. `fiction` accepts the range reserved for fiction, as the demonstration and tests do.
    """
    if any(letter.isalpha() for letter in typed):
        return []  # the library would dial the letters of a word
    number = typed.strip(" (\u00a0\u202f")
    number = f"+{number.removeprefix('00')}" if number.startswith("00") else number
    found: dict[str, Reading] = {}
    digits = re.sub(r"\D", "", number) if PLAIN.fullmatch(number) else ""
    for region in [""] if number.startswith("+") else regions:
        if digits and region in TERRITORIES and not _dialled_in(region).fullmatch(digits):
            continue  # the library would say so too, six times slower: it shows over the 10,000 lines of an import
        for reading in _read(number, region, fiction=fiction):
            found.setdefault(reading.e164, reading)
    return list(found.values())


def regions_for(*nearest: str) -> tuple[str, ...]:
    """Return the regions in which to read a number: the person's, then the service's, then every French territory."""
    return tuple(dict.fromkeys((*nearest, *TERRITORIES)))


def region_of(place: str) -> str:
    """Return the phone region of a French place, from its INSEE code, its postal code or its holiday zone."""
    if place in TERRITORIES:
        return place
    return REGIONS.get(place[:5]) or REGIONS.get(place[:3]) or "FR"


def can_receive_sms(e164: str) -> bool:
    """Say whether a number may receive an SMS: a mobile, or one whose type nobody knows."""
    number = phonenumbers.parse(e164)
    return phonenumbers.number_type(number) in MOBILE | {PhoneNumberType.UNKNOWN}


@cache
def _dialled_in(region: str) -> re.Pattern[str]:
    """Return what the digits of a number look like that a French territory reads: its own, or of who shares its code.

    After 00 comes any country. Digits that look so may still be no number.
    """
    code = phonenumbers.country_code_for_region(region)
    plans = [PhoneMetadata.metadata_for_region(each) for each in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]]
    sorts = [getattr(plan, sort) for plan in plans for sort in SORTS]
    known = [each.national_number_pattern for each in sorts if each and each.national_number_pattern]
    fiction = [FICTION_PREFIX.removeprefix("+33") + r"\d{4}"] if region == "FR" else []
    return re.compile(rf"00\d*|(?:{code})?0*(?:{'|'.join(known + fiction)})")


def _read(typed: str, region: str, *, fiction: bool) -> Iterator[Reading]:
    try:
        number = phonenumbers.parse(typed, region or None)
    except phonenumbers.NumberParseException:
        return
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    is_fiction = fiction and e164.startswith(FICTION_PREFIX) and len(e164) == 12
    sort = phonenumbers.number_type(number)  # UNKNOWN of what is not valid
    is_real = sort != PhoneNumberType.UNKNOWN and not e164.startswith(OVERSEAS_PREFIXES)
    if number.extension is None and (is_real or is_fiction):
        label = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        yield Reading(e164, _home(number, region), label, is_fiction or sort in MOBILE)


def _home(number: PhoneNumber, region: str) -> str:
    # Territories share country codes: the one that read the number keeps it when it may be its own.
    if region and phonenumbers.is_valid_number_for_region(number, region):
        return region
    return phonenumbers.region_code_for_number(number) or "001"  # a number of no country
