"""Who is told of what happens to bookings, in every worker."""

from __future__ import annotations

import subprocess
import sys


def test_whoever_guards_what_is_taken_back_is_told_before_messages_are_written() -> None:
    script = "import portal.jobs; from booking.events import _subscribers; print(*(s.__name__ for s in _subscribers))"

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert told == ["keep_one_place", "keep_visits_possible", "keep_together", "follow"]
