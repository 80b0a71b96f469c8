"""Refusals of convening and of the link."""

from __future__ import annotations

from availability.errors import Refusal


class AlreadySummoned(Refusal):
    """The appointment has a convocation already."""


class ConvocationOver(Refusal):
    """The convocation no longer stands in a way in which this act makes sense."""


class LinkUnknown(Refusal):
    """No such link, or it was revoked: the two answers are the same on purpose."""


class LinkExpired(Refusal):
    """The link was good, and its time is over."""


class AppointmentChanged(Refusal):
    """The appointment is no longer the one that the page showed."""


class TooManyActs(Refusal):
    """So many acts were done with this link that it does nothing more; the service is to be asked."""


class MessageOver(Refusal):
    """The message is not, or no longer, in a state in which this act makes sense."""
