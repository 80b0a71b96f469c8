"""The kinds of message: each has its moment, its time limit and its words."""

from __future__ import annotations

from enum import StrEnum


class MessageKind(StrEnum):
    """What a message is for."""

    OFFER = "offer"  # choose your appointment
    CONFIRMATION = "confirmation"
    REMINDER = "reminder"
    CHANGE = "change"  # another hour or another place
    CANCELLATION = "cancellation"
    MISSED = "missed"
