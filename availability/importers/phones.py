"""Telephone numbers as people write them, read into E.164 with the territory where they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

REGION = {
    "971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT", "977": "BL", "978": "MF",
    "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip
OVERSEAS_CODES = "262|508|590|594|596|681|687|689"
# "0(508)410320", "00(687)279350", "00 681 722715": a country code behind zeros or between brackets
WITH_COUNTRY_CODE = re.compile(rf"^(?:00?\(({OVERSEAS_CODES})\)|00({OVERSEAS_CODES}))(\d+)$")


def phone_of(written: str, department: str) -> str | None:
    """Return the number in E.164 when one reading of it is valid there, else None."""
    compact = re.sub(r"[\s.\-\u2010-\u2015]", "", written)
    if not compact or not re.fullmatch(r"\+?[\d()]{4,20}", compact):
        return None
    for number, region in _readings(compact, REGION.get(department, "FR")):
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return None


def _readings(compact: str, region: str) -> Iterator[tuple[str, str]]:
    """Yield (number, region) from the most literal reading to the least."""
    yield compact, region
    if found := WITH_COUNTRY_CODE.match(compact):
        code = found[1] or found[2]
        yield f"+{code}{found[3]}", region
        yield f"+{code}{code}{found[3]}", region  # Réunion, Antilles, Guyane: the area code repeats the country's
    if region != "FR":
        yield compact, "FR"  # a service overseas may have a metropolitan number
