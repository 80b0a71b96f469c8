"""What a registry types of lawyers, read: numbers of rows, whole numbers, rules. Pure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from availability.errors import InvalidRequest, NotFound
from booking.lawyer_models import Procedure
from booking.lawyer_rules import RuleSpec
from booking.pages.lawyer_words import nature_typed

MOST_TYPED = 300
WITHOUT = "sans-date"
LAST_ID = 2**63 - 1


def spec_of(form: dict[str, Any], known: dict[str, str]) -> RuleSpec:
    """Return the rule that was typed; `known` are the natures by code. Raises: InvalidRequest, NotFound."""
    typed = str(form.get("regle-famille", ""))[:MOST_TYPED].strip()
    family = nature_typed(known, typed) if typed else ""
    if typed and not family:
        raise InvalidRequest("family", "unknown-choice")
    procedure = next((one for one in Procedure if one == form.get("regle-procedure")), Procedure.MERITS)
    line = str(form.get("regle-modele", ""))
    return RuleSpec(
        site_id=number_of(form.get("regle-tribunal", "")),
        kind_id=number_of(form.get("regle-type", "")),
        line_id=number_of(line) if line else None,
        procedure=procedure,
        family=family,
        with_date=form.get("regle-date") != WITHOUT,
        minutes=whole(form.get("regle-minutes", ""), "minutes"),
        min_delay_days=whole(form.get("regle-delai", "") or "0", "min_delay_days"),
        change_before_days=whole(form.get("regle-changer", "") or "0", "change_before_days"),
    )


def whole(typed: object, name: str) -> int:
    """Return a whole number that was typed. Raises: InvalidRequest."""
    words = str(typed).strip()
    if not (words.isascii() and words.isdigit() and len(words) < 6):
        raise InvalidRequest(name, "not-a-whole-number", value=words[:20])
    return int(words)


def number_of(typed: object) -> int:
    """Return the number of a row; those of invitations are drawn, and have all their digits. Raises: NotFound."""
    words = str(typed)
    if not (words.isascii() and words.isdigit() and len(words) <= len(str(LAST_ID)) and int(words) <= LAST_ID):
        raise NotFound(number=words[:40])
    return int(words)


def account_of(typed: str) -> UUID:
    """Return the account that was chosen. Raises: NotFound."""
    try:
        return UUID(typed)
    except ValueError as error:
        raise NotFound(account_id=typed[:40]) from error
