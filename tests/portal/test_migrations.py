"""The migrations make exactly the tables that the models describe, and can be taken back."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

import availability.audit
import availability.geocodes  # noqa: F401
import booking.agenda_models
import booking.attachment_models
import booking.bench_models
import booking.calendar_models
import booking.date_wait_models
import booking.designation_models
import booking.fitting_models
import booking.hearing_day_models
import booking.hearing_month_models
import booking.hearing_template_models
import booking.host_phone_models
import booking.hosting_models
import booking.lawyer_models
import booking.meeting_models
import booking.nature_models
import booking.person_models
import booking.plans.bed_models
import booking.plans.models
import booking.plans.share_models
import booking.room_way_models
import booking.saved_models
import booking.series_models
import booking.video_models
import booking.visit_models
import booking.waiting_models  # noqa: F401
import convocations.answer_models
import convocations.import_models
import convocations.link_models
import convocations.models
import convocations.paper_models
import convocations.template_models  # noqa: F401
import portal.clock
import portal.identity
import portal.second_factor  # noqa: F401
from portal.migrate import _config, schema_state
from tests.conftest import Database


def test_the_migrations_make_what_the_models_describe(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, SQLModel.metadata)

    assert differences == []


def test_there_is_one_line_of_revisions_and_it_can_be_walked_back(database: Database) -> None:
    assert len(schema_state(database.url).wanted) == 1

    command.downgrade(_config(database.url), "base")

    assert schema_state(database.url).current == ()
