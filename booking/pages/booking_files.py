"""The files of a booking, in its sheet: listed, joined by choosing or dropping them, removed and put back."""

from __future__ import annotations

from typing import Any

import reflex as rx

from booking.attachment_models import What
from booking.file_words import WHAT_WORDS


class BookingFiles(rx.Component):
    """Reads and sends files by plain requests; `version` is anything that changes when they may have."""

    library = rx.asset("booking_files.jsx", shared=True).importable_path
    tag = "BookingFiles"

    booking: rx.Var[str]
    version: rx.Var[Any]
    can_add: rx.Var[bool]
    most: rx.Var[int]
    whats: rx.Var[list[list[str]]]
    base: rx.Var[str]
    title: rx.Var[str]
    only_pdf: rx.Var[bool]


def booking_files(
    *, booking: rx.Var[str], version: rx.Var[Any], can_add: rx.Var[bool], most: rx.Var[int]
) -> rx.Component:
    """Return the files of the booking of that number; with `can_add` more are joined, of at most so many megabytes."""
    whats = [[what.value, words] for what, words in WHAT_WORDS.items() if what is not What.SUMMONS]
    return BookingFiles.create(booking=booking, version=version, can_add=can_add, most=most, whats=whats)


def summons_files(
    *, booking: rx.Var[str], version: rx.Var[Any], can_add: rx.Var[bool], most: rx.Var[int]
) -> rx.Component:
    """Return the draft summons of a date that a lawyer took, which is theirs to join."""
    return BookingFiles.create(
        booking=booking,
        version=version,
        can_add=can_add,
        most=most,
        whats=[[What.SUMMONS.value, WHAT_WORDS[What.SUMMONS]]],
        base="/api/v1/lawyer-dates",
        title=WHAT_WORDS[What.SUMMONS],
        only_pdf=True,
    )
