"""What the columns of each source are, kept for a service: named, and one more version at each change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, record
from availability.places import normalise
from availability.rights import Actor
from convocations.import_models import ImportMatching, What
from convocations.imports.options import Options
from convocations.imports.sent import IMPORTERS

MOST_LETTERS = 80
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def save(
    session: Session,
    actor: Actor,
    name: str,
    *,
    what: What,
    source: str,
    columns: Mapping[str, str],
    options: Options,
    now: datetime,
) -> ImportMatching:
    """Keep a matching of the actor's service: the first version of a name, or the next. The same again is kept once.

    Raises: NotAllowed, InvalidRequest.
    """
    named = " ".join(name.split())
    if actor.home_territory_id not in actor.territories(IMPORTERS):
        raise NotAllowed(act="import-people")
    if not named or len(named) > MOST_LETTERS or not named.isprintable():
        raise InvalidRequest("name", "too-long" if len(named) > MOST_LETTERS else "required")
    options.check()
    before = latest_of(session, actor.home_territory_id, named)
    asked = (str(what), source, dict(columns), options.kept)
    is_same = before is not None and (before.what, before.source, before.columns, before.options) == asked
    if before is not None and is_same and not before.stopped_why:
        return before
    kept = ImportMatching(
        territory_id=actor.home_territory_id,
        name=named,
        version=before.version + 1 if before else 1,
        what=what,
        source=source,
        columns=dict(columns),
        options=options.kept,
        by=actor.account_id,
        at=now,
    )
    session.add(kept)
    session.flush()
    facts = {"version": kept.version, "source": source}
    record(session, actor, Act(act="import-matching", subject="import", subject_id=str(kept.id), at=now, facts=facts))
    return kept


def renewed(session: Session, actor: Actor, last: ImportMatching, *, now: datetime) -> ImportMatching:
    """Keep the last version of a matching once more, as it is, for the actor."""
    said = {name: getattr(last, name) for name in ("territory_id", "name", "what", "source", "columns", "options")}
    made = ImportMatching(**said, version=last.version + 1, by=actor.account_id, at=now)
    session.add(made)
    session.flush()
    return made


def matchings_of(session: Session, actor: Actor) -> list[ImportMatching]:
    """Return the last version of each matching of the actor's services, by name."""
    return _latest(session, sorted(actor.territories(IMPORTERS)))


def matching_for(session: Session, actor: Actor, matching_id: UUID) -> ImportMatching:
    """Return a matching of the actor's services. Raises: NotFound."""
    found = session.get(ImportMatching, matching_id)
    if found is None or found.territory_id not in actor.territories(IMPORTERS):
        raise NotFound(matching_id=str(matching_id))
    return found


def watched(session: Session) -> list[ImportMatching]:
    """Return the last version of every matching that has a folder, wherever it is."""
    return [one for one in _latest(session, None) if one.options.get("folder")]


def source_of(name: str) -> str:
    """Return how a source is named among its keys."""
    return normalise(name).replace(" ", "-")[:40] or "liste"


def latest_of(session: Session, territory_id: int, name: str) -> ImportMatching | None:
    """Return the last version of a name; whoever else keeps one waits until the end of the transaction."""
    session.execute(ONE_AT_A_TIME, {"name": f"import matching {territory_id} {name}"})
    wanted = select(ImportMatching).where(ImportMatching.territory_id == territory_id, ImportMatching.name == name)
    return session.exec(wanted.order_by(col(ImportMatching.version).desc()).limit(1)).first()


def _latest(session: Session, territories: list[int] | None) -> list[ImportMatching]:
    wanted = select(ImportMatching)
    if territories is not None:
        wanted = wanted.where(col(ImportMatching.territory_id).in_(territories))
    order = (col(ImportMatching.territory_id), col(ImportMatching.name), col(ImportMatching.version))
    return list({(one.territory_id, one.name): one for one in session.exec(wanted.order_by(*order))}.values())
