"""When a calendar of elsewhere makes busy: what each program writes, what broken files say, what strangers try."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import x_wr_timezone
from icalendar import Calendar
from icalendar.timezone import tzp

from availability.feed_process import MEMORY, read_apart
from availability.feed_text import MOST_BYTES, MOST_EVENTS, Unreadable, Why, calendars_in
from availability.feeds import FeedRead, read_feed
from availability.periods import Period, merge

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
WITHIN = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
NEW_YORK = """BEGIN:VTIMEZONE
TZID:Chez nous
BEGIN:STANDARD
DTSTART:19701101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700308T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
END:VTIMEZONE
"""


def event(*lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def calendar(*parts: str, head: str = "") -> bytes:
    return f"BEGIN:VCALENDAR\n{head}{''.join(parts)}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(data: bytes, zone: ZoneInfo = PARIS, within: Period = WITHIN) -> FeedRead:
    return read_feed(data, within=within, zone=zone)


def said(found: FeedRead) -> list[str]:
    return [f"{one.start:%d/%m %H:%M} {one.end:%d/%m %H:%M}" for one in found.busy]


ONCE = ("UID:1", "DTSTART:20260310T090000Z", "DTEND:20260310T100000Z")
WEEKLY = ("UID:1", "DTSTART;TZID=Europe/Paris:20260318T090000", "DTEND;TZID=Europe/Paris:20260318T100000",
          "RRULE:FREQ=WEEKLY;COUNT=3")  # fmt: skip


@pytest.mark.parametrize(
    ("data", "busy"),
    [
        pytest.param(calendar(event(*ONCE)), ["10/03 09:00 10/03 10:00"], id="UTC"),
        pytest.param(
            calendar(event("UID:1", "DTSTART;TZID=Europe/Paris:20260310T090000", "DURATION:PT90M")),
            ["10/03 08:00 10/03 09:30"],
            id="a zone without its definition, and a duration",
        ),
        pytest.param(
            calendar(event("UID:1", 'DTSTART;X="a:b;c";TZID="Romance Standard Time":20260410T090000', "DURATION:PT1H")),
            ["10/04 07:00 10/04 08:00"],
            id="a zone as Windows names it, in quotes",
        ),
        pytest.param(
            calendar(NEW_YORK, event("UID:1", "DTSTART;TZID=Chez nous:20260310T090000", "DURATION:PT1H")),
            ["10/03 13:00 10/03 14:00"],
            id="a zone that the file defines",
        ),
        pytest.param(
            calendar(event("UID:1", "DTSTART;TZID=Nulle part:20260310T090000", "DURATION:PT1H")),
            ["10/03 08:00 10/03 09:00"],
            id="a zone that nobody knows is that of the place",
        ),
        pytest.param(
            calendar(event("UID:1", "DTSTART:20260310T090000", "DURATION:PT1H")),
            ["10/03 08:00 10/03 09:00"],
            id="a time of no zone is that of the place",
        ),
        pytest.param(
            calendar(event("UID:1", "DTSTART:20260310T090000", "DURATION:PT1H"), head="X-WR-TIMEZONE:Asia/Tokyo\n"),
            ["10/03 00:00 10/03 01:00"],
            id="or that of its calendar",
        ),
        pytest.param(
            # As Google writes it: the instants are in UTC, the wall time is that of the calendar.
            calendar(
                event("UID:1", "DTSTART:20260322T080000Z", "DTEND:20260322T090000Z", "RRULE:FREQ=WEEKLY;COUNT=2"),
                head="X-WR-TIMEZONE:Europe/Paris\n",
            ),
            ["22/03 08:00 22/03 09:00", "29/03 07:00 29/03 08:00"],
            id="what comes again keeps the wall time of its calendar across the change of hour",
        ),
        pytest.param(
            calendar(event("UID:1", "DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260331")),
            ["28/03 23:00 30/03 22:00"],
            id="whole days are those of the place, one of them of 23 hours",
        ),
        pytest.param(
            calendar(event("UID:1", "DTSTART;VALUE=DATE:20260310")), ["09/03 23:00 10/03 23:00"], id="one whole day"
        ),
        pytest.param(
            calendar(event("UID:1", "DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260310")),
            ["09/03 23:00 10/03 23:00"],
            id="one whole day that ends as it begins",
        ),
        pytest.param(
            calendar(event(*WEEKLY)),
            ["18/03 08:00 18/03 09:00", "25/03 08:00 25/03 09:00", "01/04 07:00 01/04 08:00"],
            id="every week, across the change of hour",
        ),
        pytest.param(
            calendar(event(*WEEKLY, "EXDATE;TZID=Europe/Paris:20260325T090000", "RDATE:20260402T120000Z")),
            ["18/03 08:00 18/03 09:00", "01/04 07:00 01/04 08:00", "02/04 12:00 02/04 13:00"],
            id="one taken out, one put in",
        ),
        pytest.param(
            calendar(
                event(*WEEKLY),
                event(
                    "UID:1",
                    "RECURRENCE-ID;TZID=Europe/Paris:20260325T090000",
                    "DTSTART:20260326T150000Z",
                    "DTEND:20260326T160000Z",
                ),
                event(
                    "UID:1",
                    "RECURRENCE-ID;TZID=Europe/Paris:20260401T090000",
                    "STATUS:CANCELLED",
                    "DTSTART:20260401T070000Z",
                    "DTEND:20260401T080000Z",
                ),
            ),
            ["18/03 08:00 18/03 09:00", "26/03 15:00 26/03 16:00"],
            id="one moved, one cancelled",
        ),
        pytest.param(calendar(event(*ONCE, "STATUS:CANCELLED")), [], id="cancelled"),
        pytest.param(calendar(event(*ONCE, "STATUS:TENTATIVE")), ["10/03 09:00 10/03 10:00"], id="maybe is busy"),
        pytest.param(calendar(event(*ONCE, "TRANSP:TRANSPARENT")), [], id="transparent"),
        pytest.param(calendar(event(*ONCE, "X-MICROSOFT-CDO-BUSYSTATUS:FREE")), [], id="free in Outlook"),
        pytest.param(
            calendar(event(*ONCE, "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:OOF")),
            ["10/03 09:00 10/03 10:00"],
            id="out of office in Outlook, whatever else it says",
        ),
        pytest.param(calendar(event("UID:1", "DTSTART:20260310T090000Z")), [], id="no length, no time"),
        pytest.param(
            calendar(event("UID:1", "DTSTART:20260310T100000Z", "DTEND:20260310T090000Z")),
            ["10/03 09:00 10/03 10:00"],
            id="the end before the start",
        ),
        pytest.param(
            calendar(event("UID:1", "DTSTART:20260228T120000Z", "DTEND:20260301T030000Z")),
            ["01/03 00:00 01/03 03:00"],
            id="cut to the period asked for",
        ),
        pytest.param(
            calendar(event(*ONCE), event("DTSTART:20260310T093000Z", "DURATION:PT1H"), event("DTSTART:20260311")),
            ["10/03 09:00 10/03 10:30", "10/03 23:00 11/03 23:00"],
            id="two that overlap are one; no number; a date that does not say so",
        ),
        pytest.param(
            calendar(event(*ONCE, "BEGIN:VALARM", "DTSTART:20260401T000000Z", "END:VALARM")),
            ["10/03 09:00 10/03 10:00"],
            id="an alarm is not an event",
        ),
    ],
)
def test_an_event_makes_busy_when_its_program_means_so(data: bytes, busy: list[str]) -> None:
    found = read(data)

    assert said(found) == busy
    assert found.unread == 0


def test_whole_days_and_times_of_no_zone_are_those_of_the_place_overseas() -> None:
    data = calendar(event("DTSTART;VALUE=DATE:20260310"), event("DTSTART:20260312T090000", "DURATION:PT1H"))

    assert said(read(data, REUNION)) == ["09/03 20:00 10/03 20:00", "12/03 05:00 12/03 06:00"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ends_and_folds_of_lines_are_those_of_any_program(end: str, encoding: str) -> None:
    data = calendar(
        event("UID:é", "DTSTART;TZID=Europe/\n Paris:202603\n\t10T090000", "SUMMARY:é\n  è", "DURATION:PT1H")
    )

    written = data.decode().replace("\r\n", end).encode(encoding)
    if end == "\r":  # so old that nothing was folded
        written = data.decode().replace("\r\n ", "").replace("\r\n\t", "").replace("\r\n", end).encode(encoding)

    assert said(read(written)) == ["10/03 08:00 10/03 09:00"]


def test_of_what_is_not_understood_the_first_time_counts_and_it_is_said() -> None:
    lines = ("UID:{}", "DTSTART:20260310T090000Z", "DTEND:20260310T100000Z", "RRULE:{}")
    rules = ("FREQ=SECONDLY", "FREQ=FORTNIGHTLY", "gibberish", "FREQ=DAILY;UNTIL=someday")
    for number, rule in enumerate(rules):
        found = read(calendar(event(*(line.format(number if "UID" in line else rule) for line in lines))))

        assert (said(found), found.unread) == (["10/03 09:00 10/03 10:00"], 1), rule


def test_nothing_of_a_title_a_place_or_a_guest_is_kept() -> None:
    data = calendar(
        event(*ONCE, "SUMMARY:secret", "DESCRIPTION:secret", "LOCATION:secret", "ATTENDEE;CN=secret:secret")
    )

    assert "secret" not in repr(calendars_in(data))
    assert "secret" not in repr(read(data))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", Why.NOT_A_CALENDAR),
        (b"<!doctype html><title>Connexion</title>", Why.NOT_A_CALENDAR),
        (bytes(range(256)) * 40, Why.NOT_A_CALENDAR),
        (calendar(event(*ONCE))[:-20], Why.CUT_SHORT),
        (b"x" * (MOST_BYTES + 1), Why.TOO_LARGE),
        (calendar(*["BEGIN:VEVENT\nEND:VEVENT\n"] * (MOST_EVENTS + 1)), Why.TOO_MANY),
        (b"BEGIN:VCALENDAR\n" * 100_000, Why.TOO_HEAVY),
    ],
    ids=lambda value: value.value if isinstance(value, Why) else "",
)
def test_a_file_that_says_nothing_sure_is_refused_with_a_reason(data: bytes, why: Why) -> None:
    with pytest.raises(Unreadable) as refused:
        read(data)

    assert refused.value.why is why


def long_calendar(events: int, padding: int) -> bytes:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    return calendar(
        *(
            event(f"UID:{n}", f"DTSTART:{at:%Y%m%dT%H%M%SZ}", f"DTEND:{at + timedelta(minutes=1):%Y%m%dT%H%M%SZ}",
                  "DESCRIPTION:" + "x" * padding)
            for n in range(events)
            for at in (start + timedelta(minutes=2 * n),)
        )
    )  # fmt: skip


async def test_twenty_thousand_events_in_ten_megabytes_are_read_within_the_limits() -> None:
    data = long_calendar(MOST_EVENTS, 390)

    assert 9_000_000 < len(data) < MOST_BYTES
    found = await read_apart(data, within=WITHIN, zone=PARIS)
    assert (len(found.busy), found.events, found.unread) == (MOST_EVENTS, MOST_EVENTS, 0)


def test_more_occurrences_than_a_person_lives_through_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("availability.feeds.MOST_OCCURRENCES", 300)
    hourly = [event(f"UID:{n}", *ONCE[1:], "RRULE:FREQ=HOURLY;COUNT=200") for n in range(2)]

    with pytest.raises(Unreadable) as refused:
        read(calendar(*hourly))

    assert refused.value.why is Why.TOO_HEAVY
    assert len(read(calendar(hourly[0])).busy) == 1


async def test_a_recurrence_without_end_is_stopped_by_the_kernel() -> None:
    every_second = "FREQ=DAILY;BYHOUR={0};BYMINUTE={1};BYSECOND={1}".format(
        ",".join(map(str, range(24))), ",".join(map(str, range(60)))
    )

    with pytest.raises(Unreadable) as refused:
        await read_apart(calendar(event(*ONCE, f"RRULE:{every_second}")), within=WITHIN, zone=PARIS)

    assert refused.value.why is Why.TOO_HEAVY


async def test_the_process_apart_answers_as_the_function_does_and_has_no_more_memory_than_said() -> None:
    data = calendar(event(*WEEKLY), event("UID:2", "DTSTART:rubbish"))

    assert await read_apart(data, within=WITHIN, zone=PARIS) == read(data)
    assert MEMORY <= 200 * 1024 * 1024
    with pytest.raises(Unreadable) as refused:
        await read_apart(b"<html>", within=WITHIN, zone=PARIS)
    assert refused.value.why is Why.NOT_A_CALENDAR


# Every calendar that the libraries ship. The second opinion is theirs, on the whole file, with none of our shortcuts.
SAMPLES = sorted(
    path
    for package in (icalendar, recurring_ical_events, x_wr_timezone)
    for path in Path(package.__file__).parent.rglob("*.ics")
    if Path(package.__file__).name == "__init__.py"
)
# What the libraries leave out and we count once: a rule that they refuse.
ONCE_AT_LEAST = {
    "issue_165_missing_event.ics",
    "rfc_7529.ics",
    "bad_rrule_missing_until_event.ics",
    "issue_464_invalid_rdate.ics",
}

CUT_SHORT = {
    "big_bad_calendar.ics",
    "small_bad_calendar.ics",
    "pr_480_summary_with_colon.ics",
    "timezone_same_start_and_offset.ics",
}


def second_opinion(data: bytes, within: Period) -> tuple[Period, ...] | None:
    """Return what the libraries say of a whole file, None when they raise."""
    tzp.use_default()
    spans = []
    try:
        for one in Calendar.from_ical(data, multiple=True):
            named = tzp.timezone(str(one["X-WR-TIMEZONE"])) if "X-WR-TIMEZONE" in one else None
            whole = x_wr_timezone.to_standard(one, timezone=named) if named else one
            query = recurring_ical_events.of(whole, skip_bad_series=True)
            for found in query.between(within.start - timedelta(days=1), within.end + timedelta(days=1)):
                if found.get("STATUS") != "CANCELLED" and found.get("TRANSP") != "TRANSPARENT":
                    start, end = (_at(found[name].dt) for name in ("DTSTART", "DTEND"))
                    spans.append((max(start, within.start), min(end, within.end)))
    except Exception:
        return None
    return tuple(merge(Period(start, end) for start, end in spans if start < end))


def _at(moment: object) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, datetime.min.time())  # type: ignore[arg-type]
    return (moment if moment.tzinfo else moment.replace(tzinfo=PARIS)).astimezone(UTC)


def around(data: bytes) -> Period:
    """Return some months around the median of the events of a file, so that there is something to compare."""
    days = sorted(
        day for one in calendars_in(data) for event in one.events if "19" < (day := event.value("DTSTART")[:8]) < "22"
    )
    middle = datetime.strptime(days[len(days) // 2], "%Y%m%d").replace(tzinfo=UTC) if days else WITHIN.start
    return Period(middle - timedelta(days=50), middle + timedelta(days=150))


def test_every_calendar_that_the_libraries_ship_is_read_with_the_right_busy_times() -> None:
    assert len(SAMPLES) > 200
    compared, refused = 0, set()
    for path in SAMPLES:
        data = path.read_bytes()
        if b"BEGIN:VCALENDAR" not in data.upper():
            data = b"BEGIN:VCALENDAR\r\n" + data.strip() + b"\r\nEND:VCALENDAR\r\n"  # a lone component
        try:
            within = around(data)
            ours = read(data, within=within)
        except Unreadable:  # without its end, nobody knows what it lacks
            refused.add(path.name)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = second_opinion(data, within)
        if path.name in ONCE_AT_LEAST:
            assert ours.unread, path
        elif theirs is not None:
            assert ours.busy == theirs, path
            compared += bool(theirs)

    assert compared >= 120
    assert refused == CUT_SHORT
