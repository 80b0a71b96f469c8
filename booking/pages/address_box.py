"""The box where a place is typed: communes and addresses are proposed as one types, by `address_box.jsx`."""

from __future__ import annotations

import reflex as rx

SUGGESTIONS = "/carte/lieux"  # see booking/pages/points.py


class AddressBox(rx.Component):
    """A combobox; a choice sends the form that it stands in. What is typed stays until another `value` comes."""

    library = rx.asset("address_box.jsx", shared=True).importable_path
    tag = "AddressBox"

    name: rx.Var[str]
    value: rx.Var[str]
    source: rx.Var[str]
    described_by: rx.Var[str]
    invalid: rx.Var[bool]


address_box = AddressBox.create
