"""What goes on by itself for an account that may no longer do it: stopped, told, taken over by another."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotAllowed, NotFound
from availability.history import Act, record
from availability.rights import Actor
from convocations.import_models import ImportMatching, ImportState, PeopleImport, Stop
from convocations.imports.matchings import latest_of, matching_for, matchings_of, renewed
from convocations.imports.running import ToDo
from convocations.imports.sent import IMPORTERS, KEPT_WAITING, ImportOver, import_for

COUNT = text("SELECT count(*) FROM people_import WHERE state = 'stopped' AND territory_id = ANY(:territories)")


def why_stopped(actor: Actor | None, territory_id: int, *, receives: bool = False) -> Stop | None:
    """Say why an account, None when it is closed, does nothing more by itself in a territory; None when it does.

    What one `receives` is of one's own service: reaching the territory is not enough.
    """
    if actor is None:
        return Stop.ACCOUNT_CLOSED
    reaches = territory_id in actor.territories(IMPORTERS)
    return None if reaches and (not receives or actor.home_territory_id == territory_id) else Stop.RIGHTS_LOST


def stop(session: Session, one: ToDo, why: Stop, *, now: datetime) -> bool:
    """Stop an import under way, and say whether it was still that of this account. Its file is kept for a week."""
    found = session.get_one(PeopleImport, one.id, with_for_update=True, populate_existing=True)
    if (found.state, found.by) != (one.state, one.by):
        return False
    found.state, found.stopped_while, found.stopped_why = ImportState.STOPPED, one.state, why
    found.expires_at = max(found.expires_at, now + KEPT_WAITING)
    _write_down(session, None, "import-stopped", found.id, now, why=why)
    return True


def take_over(session: Session, actor: Actor, import_id: UUID, *, now: datetime) -> PeopleImport:
    """Have what is left of a stopped import done, or undone, with the rights of the actor.

    Raises: NotFound, ImportOver.
    """
    found = import_for(session, actor, import_id, lock=True)
    if found.state != ImportState.STOPPED:
        raise ImportOver(state=found.state)
    before = found.by
    found.state, found.by = found.stopped_while, actor.account_id
    found.stopped_while = found.stopped_why = ""
    _write_down(session, actor, "import-taken-over", found.id, now, before=str(before))
    return found


def stop_folder(session: Session, matching_id: UUID, why: Stop, *, now: datetime) -> None:
    """Have the folder of a matching wait: what is dropped there stays, until somebody takes the matching over."""
    found = session.get_one(ImportMatching, matching_id, with_for_update=True, populate_existing=True)
    if not found.stopped_why:
        found.stopped_why = why
        _write_down(session, None, "import-folder-stopped", found.id, now, why=why)


def take_folder_over(session: Session, actor: Actor, matching_id: UUID, *, now: datetime) -> ImportMatching:
    """Have a stopped folder read again, with the rights of the actor: one more version of its matching.

    Raises: NotFound, ImportOver when it was taken over or changed meanwhile, NotAllowed for another service than one's
    own, whose imports would arrive elsewhere.
    """
    found = matching_for(session, actor, matching_id)
    if found.territory_id != actor.home_territory_id:
        raise NotAllowed(act="import-people")
    last = latest_of(session, found.territory_id, found.name)
    if last is None:
        raise NotFound(matching_id=str(matching_id))
    if last.id != found.id or not last.stopped_why:
        raise ImportOver(state=ImportState.OPEN, why="taken-over")
    made = renewed(session, actor, last, now=now)
    _write_down(session, actor, "import-folder-taken-over", made.id, now, version=made.version, before=str(last.by))
    return made


def stopped_folders(session: Session, actor: Actor) -> list[ImportMatching]:
    """Return the matchings of the actor's own service whose folder waits for somebody to take them over."""
    own = actor.home_territory_id
    return [one for one in matchings_of(session, actor) if one.stopped_why and one.territory_id == own]


def count_stopped(session: Session, actor: Actor) -> int:
    """Return how many imports and folders wait for the actor, or another of their service, to take them over."""
    territories = sorted(actor.territories(IMPORTERS))
    imports = session.execute(COUNT, {"territories": territories}).scalar_one()
    return int(imports) + len(stopped_folders(session, actor))


def _write_down(session: Session, actor: Actor | None, act: str, subject: UUID, now: datetime, **facts: object) -> None:
    record(session, actor, Act(act=act, subject="import", subject_id=str(subject), at=now, facts=facts))
