"""What the codes of providers are worth: for good, for now, or only with this provider. Pure; one table each.

Source: Twilio, Error and Warning Dictionary (https://www.twilio.com/docs/api/errors), read in November 2026; Twilio
changes it, so what is not here is for good, with its number for whoever looks. The generic provider's codes are ours:
docs/sms-provider.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from convocations.kinds import Failure

TWILIO = "twilio"
GENERIC = "generic"


class Ending(StrEnum):
    """What a failure says of another attempt."""

    FINAL = "final"  # of the number or the person: nobody could do better
    TEMPORARY = "temporary"  # it may pass: again, later
    ELSEWHERE = "elsewhere"  # of the account or the route: this provider certainly sends nothing, another may


@dataclass(frozen=True)
class Worth:
    """A failure, in our words, and what it says of another attempt."""

    failure: str
    ending: Ending


_FINAL, _TEMPORARY, _ELSEWHERE = Ending.FINAL, Ending.TEMPORARY, Ending.ELSEWHERE
CODES: dict[str, dict[int, Worth]] = {
    TWILIO: {
        # as it is handed over
        21211: Worth(Failure.INVALID_NUMBER, _FINAL),  # invalid 'To'
        21217: Worth(Failure.INVALID_NUMBER, _FINAL),
        21408: Worth("provider-21408", _ELSEWHERE),  # the account may not write to this country
        21606: Worth("provider-21606", _ELSEWHERE),  # the sender may not write to this destination
        21610: Worth(Failure.BLOCKED, _FINAL),  # the person answered STOP
        21611: Worth(Failure.PROVIDER_BUSY, _TEMPORARY),  # ten hours wait already for this sender
        21612: Worth("provider-21612", _ELSEWHERE),  # no route from this sender to this number
        21614: Worth(Failure.INVALID_NUMBER, _FINAL),  # not a mobile
        21635: Worth(Failure.NOT_MOBILE, _FINAL),  # a landline
        # said afterwards
        30001: Worth("provider-30001", _TEMPORARY),  # queue overflow
        30002: Worth("provider-30002", _ELSEWHERE),  # account suspended between queueing and sending
        30003: Worth(Failure.UNREACHABLE, _TEMPORARY),  # handset off or out of reach
        30004: Worth(Failure.FILTERED, _FINAL),  # blocked by the operator or the person
        30005: Worth(Failure.INVALID_NUMBER, _FINAL),  # unknown handset
        30006: Worth(Failure.NOT_MOBILE, _FINAL),  # landline or unreachable carrier
        30007: Worth(Failure.FILTERED, _FINAL),  # taken for unsolicited
        30008: Worth("provider-30008", _TEMPORARY),  # unknown error of the operator
        30036: Worth("provider-30036", _TEMPORARY),  # waited longer than its validity, and was never sent
        # 30410 (the operator did not answer in time) is not here: "not retried to avoid duplicate delivery".
    },
    GENERIC: {
        1: Worth(Failure.UNREACHABLE, _TEMPORARY),
        2: Worth(Failure.INVALID_NUMBER, _FINAL),
        3: Worth(Failure.NOT_MOBILE, _FINAL),
        4: Worth(Failure.BLOCKED, _FINAL),
        5: Worth(Failure.FILTERED, _FINAL),
        6: Worth(Failure.PROVIDER_BUSY, _TEMPORARY),
        7: Worth("provider-7", _ELSEWHERE),  # no route
    },
}


def worth_of(provider: str, code: int | None) -> Worth:
    """Return what a code is worth; one that is not known is for good, and kept as it is."""
    known = CODES.get(provider, {}).get(code or 0)
    return known or Worth(f"provider-{code or 'unknown'}", Ending.FINAL)
