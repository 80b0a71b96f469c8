"""Pieces of series that several screens show."""

from __future__ import annotations

import reflex as rx

from booking.pages.series_words import Note

el = rx.el


def bar(done: rx.Var[int], planned: rx.Var[int] | int = 0) -> rx.Component:
    """Return what is done and planned as a bar; the words beside it say the same."""
    return el.div(
        el.div(class_name="pj-done-bar__done", style={"width": done.to_string() + "%"}),
        el.div(class_name="pj-done-bar__planned", style={"width": _percent(planned)}),
        class_name="pj-done-bar",
        aria_hidden="true",
    )


def series_note(note: rx.Var[Note]) -> rx.Component:
    """Return what a booking says of its series."""
    return el.div(
        el.p(el.strong(note.text)),
        bar(note.done, note.planned),
        rx.cond(note.warning != "", el.p(note.warning)),
        el.a("Voir la série", href=note.href, class_name="fr-link"),
        class_name="pj-series__note",
    )


def _percent(value: rx.Var[int] | int) -> rx.Var[str] | str:
    return f"{value}%" if isinstance(value, int) else value.to_string() + "%"
