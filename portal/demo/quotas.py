"""Quotas of the demonstration: how many each service may take of what is scarce."""

from __future__ import annotations

from collections.abc import Mapping

from availability.models import QuotaPeriod
from portal.demo.sheets import Sheet

EACH = (
    ("semi-liberte", QuotaPeriod.WEEK, 40),
    ("tig", QuotaPeriod.MONTH, 120),
    ("point-justice", QuotaPeriod.DAY, 12),
)


def quota_sheet(kind_ids: Mapping[str, int]) -> Sheet:
    """Return the rows of quotas."""
    sheet = Sheet("kind_quota", "kind_id organisation_id territory_id per most")
    for code, per, most in EACH:
        sheet.add(kind_id=kind_ids[code], organisation_id=None, territory_id=None, per=per.value, most=most)
    return sheet
