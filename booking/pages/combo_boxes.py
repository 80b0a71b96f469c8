"""The boxes that propose as one types, by `combo_boxes.jsx`: where a place is typed, and where a person is searched."""

from __future__ import annotations

from typing import Any

import reflex as rx

SUGGESTIONS = "/carte/lieux"  # see booking/pages/points.py
SOURCE = rx.asset("combo_boxes.jsx", shared=True).importable_path


class AddressBox(rx.Component):
    """A combobox; a choice sends the form that it stands in. What is typed stays until another `value` comes."""

    library = SOURCE
    tag = "AddressBox"

    name: rx.Var[str]
    value: rx.Var[str]
    source: rx.Var[str]
    described_by: rx.Var[str]
    invalid: rx.Var[bool]


class PersonBox(rx.Component):
    """A combobox over people that the server finds: `options` are {id, name, detail}, found for the `value` typed.

    `found` are the words for other things than people: the name of the list, one of them, several.
    """

    library = SOURCE
    tag = "PersonBox"

    name: rx.Var[str]
    value: rx.Var[str]
    options: rx.Var[list[Any]]
    described_by: rx.Var[str]
    starts_here: rx.Var[bool]
    found: rx.Var[list[str]]
    on_type: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_pick: rx.EventHandler[rx.event.passthrough_event_spec(str)]


address_box = AddressBox.create
person_box = PersonBox.create
