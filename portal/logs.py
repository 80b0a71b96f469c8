"""What the processes write of themselves: one line a fact, and never what proves who somebody is."""

from __future__ import annotations

import logging
import re

from portal.actors import COOKIE

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_TOKEN = re.compile(
    rf"{COOKIE}=[\w-]+|Bearer [\w.-]+|(?<=/r/)[\w-]+|(?<=/d/)[\w-]+|(?<=/ical/)[\w-]+|(?<=/invitation/)[\w-]+"
    r"|(?<=[?&]ecran=)[\w-]+",
    re.IGNORECASE,
)
# Reflex logs a whole event that it cannot route, with the headers and the form that came with it.
_EVENT = re.compile(r"Event\(name='([^']*)'.*\)", re.DOTALL)


def configure() -> None:
    """Format the messages of this process, and take secrets out of all of them, of whatever library they are."""
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    for noisy in ("apscheduler", "httpx", "alembic", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    made = logging.getLogRecordFactory()
    if getattr(made, "is_cautious", False):
        return

    def cautious(*args: object, **kwargs: object) -> logging.LogRecord:
        record = made(*args, **kwargs)
        said = record.getMessage()
        if (cleaned := without_secrets(said)) != said:
            record.msg, record.args = cleaned, ()
        return record

    cautious.is_cautious = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(cautious)


def without_secrets(message: str) -> str:
    """Return a message without session tokens, bearer tokens, tokens of links, nor the content of events."""
    return _TOKEN.sub("[secret]", _EVENT.sub(r"Event(\1)", message))
