"""What the court of Lyon opens by templates, once the hearings that were written one by one are over."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import text
from sqlmodel import Session

from booking.hearing_generation import generate
from booking.hearing_template_models import Formation, HearingTemplate
from booking.plans.hearing_people import ROOM_KIND
from portal.demo.catalogue import Catalogue
from portal.demo.hearings import WEEKS

COURT = "TGILYON"
KIND = "audience-jaf"
PAST_THEM = text("SELECT setval(pg_get_serial_sequence('hearing_template', 'id'), :last)")
# Chamber, formation, rhythm, start, cases, minutes, quotas, last day for taking a date. Families of the NAC: divorce,
# after divorce, parental authority.
TEMPLATES = (
    ("Audience JAF, cabinet 1", Formation.SINGLE, "FREQ=WEEKLY;BYDAY=MO", time(9), 15, 210, {"20": 8, "27": 6}, 15),
    ("Audience JAF, cabinet 2", Formation.SINGLE, "FREQ=WEEKLY;BYDAY=TH", time(13, 30), 12, 180, {"22": 5}, 15),
    ("Chambre de la famille", Formation.PANEL, "FREQ=MONTHLY;BYDAY=2TU", time(9), 6, 240, {"20": 4}, 30),
    ("Audience JAF, par visioconférence", Formation.SINGLE, "FREQ=WEEKLY;BYDAY=FR", time(9), 5, 120, {"27": 4}, 15),
)
# Who sits in each and where, by their rank in the court: judges, clerk, room. The third has little.
SITTERS = (((1,), 1, 0), ((3,), 3, 1), ((0, 1, 2), 2, 1), ((0,), 0, 0))
LINKED = 4  # the one whose parties are in prison: with an interpreter and a link to Grenoble
# The first of each kind in the court, and the first end of another one's prison.
WITH_IT = text("""
    SELECT min(r.id) FROM resource r JOIN kind k ON k.id = r.kind_id JOIN site s ON s.id = r.site_id
    WHERE s.id = :site_id AND k.code IN ('interprete', 'visio') OR s.code = 'PRISON-TGIGRENOBL' AND k.code = 'visio'
    GROUP BY k.code, s.id""")


def templates_of_lyon(session: Session, catalogue: Catalogue, now: datetime) -> int:
    """Write the templates and open their sessions; return how many there are."""
    host = next(one for one in catalogue.courthouses if one.court.code == COURT)
    first = now.astimezone(host.zone).date() + timedelta(weeks=WEEKS, days=1)
    linked = list(session.execute(WITH_IT, {"site_id": host.site_id}).scalars())
    judges, clerks, rooms = (_of(catalogue, kind) for kind in ("magistrat", "greffier", ROOM_KIND))
    opened = 0
    for number, (name, formation, rrule, starts, cases, minutes, quotas, before) in enumerate(TEMPLATES, 1):
        sitting, clerk, room = SITTERS[number - 1]
        named = [*(judges[one] for one in sitting), clerks[clerk], *(linked if number == LINKED else ())]
        template = HearingTemplate(
            id=number,  # of which the codes of its sessions are made: the same country each time
            site_id=host.site_id,
            kind_id=catalogue.kinds[KIND],
            name=name,
            room_id=rooms[room],
            formation=formation,
            rrule=rrule,
            anchor_on=first,
            valid_from=first,
            starts=starts,
            max_cases=cases,
            max_minutes=minutes,
            quotas=quotas,
            take_before_days=before,
            judges=3 if formation is Formation.PANEL else 1,
            interpreters=number == LINKED,
            needs_video=number == LINKED,
            named_ids=sorted(named),
            created_at=now,
        )
        session.add(template)
        session.flush()
        opened += len(generate(session, template.id, now=now).made)
    session.execute(PAST_THEM, {"last": len(TEMPLATES)})
    return opened


def _of(catalogue: Catalogue, kind: str) -> list[int]:
    return [place.id for place in catalogue.places if place.kind == kind]
