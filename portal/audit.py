"""`placejuste audit verify`: the journal read again, seal by seal, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from availability.audit import Checked, Fault, Log, verified
from availability.sealing import AUDIT, House
from portal.settings import secret_key
from portal.ui.dates import plural

LOG_WORDS = {Log.HISTORY: "Actes", Log.CONSULTATION: "Consultations"}
FAULT_WORDS = {
    Fault.LINES: "des lignes ont été ajoutées, changées ou retirées",
    Fault.CHAIN: "un sceau manque avant celui-ci",
}


@dataclass(frozen=True)
class Verification:
    """What a verification says, line by line, and whether everything holds."""

    lines: tuple[str, ...]
    holds: bool


def verify(session: Session) -> Verification:
    """Return what is found of both logs."""
    key = House(secret_key()).derived(AUDIT)
    found = [verified(session, key, log) for log in Log]
    return Verification(tuple(_said(one) for one in found), all(one.fault is None for one in found))


def _said(one: Checked) -> str:
    whole = f"{LOG_WORDS[one.log]} : {plural(one.lines, 'ligne')} sous {plural(one.seals, 'sceau', 'sceaux')}"
    if one.fault is None or one.fault_at is None:
        last = f", dernier sceau {one.last_digest[:16]}" if one.last_digest else ""
        return f"{whole} intacts, {plural(one.unsealed, 'ligne')} à sceller{last}."
    seal = one.fault_at
    return (
        f"{whole} intacts, puis ROMPU : {FAULT_WORDS[one.fault]}, de la ligne {seal.first_id + 1} à la ligne "
        f"{seal.last_id} (sceau du {seal.at:%d/%m/%Y à %H:%M} UTC)."
    )
