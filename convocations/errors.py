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


class EarlierGone(Refusal):
    """The earlier date is offered no more: left, lapsed, or the appointment changed; it stands as it was."""


class TooManyActs(Refusal):
    """So many acts were done with this link that it does nothing more; the service is to be asked."""


class MessageOver(Refusal):
    """The message is not, or no longer, in a state in which this act makes sense."""


class TextRefused(Refusal):
    """The text of a message cannot be kept: `problems` says all that is wrong with it."""


class TextTelling(Refusal):
    """A text has words that give away why, or that oblige, and nobody confirmed them: `words`."""


class TextChanged(Refusal):
    """Somebody else put another version in use since this one was read."""


class CallbackOver(Refusal):
    """The request to be called is no longer, or again, in a state in which this act makes sense."""


class HelpOver(Refusal):
    """The help with a link is not, or no longer, what its page says: it lasts a while, for one convocation."""


class SummonedAlready(Refusal):
    """The person is to come for the same already, or to choose: `at` or `choose_by` says when, by `time_zone`."""
