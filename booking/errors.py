"""Refusals of the life cycle."""

from __future__ import annotations

from availability.errors import NotOpen, Refusal


class HoldExpired(Refusal):
    """The time to confirm is over; the place may have gone to somebody else."""


class AlreadyDecided(Refusal):
    """The booking is no longer in a state from which this act makes sense."""


class TooLate(Refusal):
    """It begins too soon to be given back or moved: `latest` was the last instant. It can still be excused."""


class QuotaReached(Refusal):
    """Whoever asks has as many of this `kind` as may be in one period: `taken` of `most`, days [`first`, `until`)."""


class KeyReused(Refusal):
    """The same idempotency key came with another request."""


class SlotUnfit(NotOpen):
    """The slot is free, but nobody would be home, or the team could not be there in time; `why` says which."""


class OutOfDate(Refusal):
    """Somebody changed it since the actor read it: written now, it would undo what they did."""


class ChangedMeanwhile(Refusal):
    """The booking is at another revision than the one that the actor has seen; `changes` says what was done since."""
