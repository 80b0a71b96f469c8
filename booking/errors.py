"""Refusals of the life cycle."""

from __future__ import annotations

from availability.errors import NotOpen, Refusal


class HoldExpired(Refusal):
    """The time to confirm is over; the place may have gone to somebody else."""


class AlreadyDecided(Refusal):
    """The booking is no longer in a state from which this act makes sense."""


class KeyReused(Refusal):
    """The same idempotency key came with another request."""


class SlotUnfit(NotOpen):
    """The slot is free, but nobody would be home, or the team could not be there in time; `why` says which."""


class OutOfDate(Refusal):
    """Somebody changed it since the actor read it: written now, it would undo what they did."""
