"""Kinds and states of messages: plain names, that the pure rules and the tables share."""

from __future__ import annotations

from enum import StrEnum


class MessageKind(StrEnum):
    """What a message is for."""

    OFFER = "offer"  # choose your appointment
    CONFIRMATION = "confirmation"
    REMINDER = "reminder"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    MISSED = "missed"
    EARLIER = "earlier"  # a date before that of the appointment is free: take it, or keep yours


class HostText(StrEnum):
    """What the host of a request is told: the same kinds of messages, with texts of their own, in French only."""

    OFFER = "host-offer"  # a request waits for an answer
    REMINDER = "host-reminder"  # it soon lapses
    CANCELLATION = "host-cancellation"  # it was withdrawn


TextKind = MessageKind | HostText
TEXT_KINDS: dict[str, TextKind] = {one.value: one for one in (*MessageKind, *HostText)}


class MessageClass(StrEnum):
    """What the law makes of a message; the three are never mixed. Source: CPC art. 748-8; CPP art. 803-1."""

    INFORMATION = "information"  # the person may refuse these at any time
    NOTICE = "notice"  # with a consent, recorded and limited to the case
    FORMAL = "formal"  # served outside: only its date and kind are recorded


class MessageState(StrEnum):
    """Where a message stands. Only the sender moves it on from `planned`."""

    PLANNED = "planned"
    SENDING = "sending"  # claimed, with a lease: the provider may have it already
    SENT = "sent"
    UNDELIVERED = "undelivered"  # the provider took it, and says that the phone did not get it
    FAILED = "failed"  # the provider said no, or nothing can be sent there; `failure` says why
    FLAGGED = "flagged"  # nobody knows whether it left: a person decides
    OUTDATED = "outdated"  # no longer useful when it could have left
    WITHHELD = "withheld"  # the person refuses messages
    CANCELLED = "cancelled"  # what it would have said is no longer true


class ReceiptStatus(StrEnum):
    """What a provider says of a message that it took. Source: Twilio, Messages resource, status values."""

    SENT = "sent"  # to the operator of the phone
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


class Standing(StrEnum):
    """Where a convocation stands. Once `set`, its booking tells the rest."""

    CHOOSING = "choosing"  # the person has the link, and chooses
    SET = "set"
    DECLINED = "declined"  # the person cannot come, and chose nothing else yet
    WITHDRAWN = "withdrawn"


class Failure(StrEnum):
    """Why a message did not leave, or waits longer; the French of each is in the pages.

    What a provider says besides these is kept as "provider-" and its code.
    """

    # what it would have said is no longer true
    NOT_STANDING = "not-standing"  # withdrawn, declined, chosen already, or another appointment since
    OTHER_STATE = "other-state"  # of the appointment: given back, or no longer
    MOVED = "moved"
    ERASED = "erased"
    BY_AGENT = "by-agent"
    # no longer useful at the next moment when it may leave
    TOO_LATE = "too-late"
    # the person refuses messages
    REFUSED = "refused"
    # nothing can be sent there
    NO_PHONE = "no-phone"
    NOT_MOBILE = "not-mobile"
    NO_ADDRESS = "no-address"  # the place has none that an SMS could give
    UNREADABLE = "unreadable"  # the number was sealed with another key
    UNWRITABLE = "unwritable"  # a fault of ours: the log has it
    BLOCKED = "blocked"  # the person answered STOP to the provider
    INVALID_NUMBER = "invalid-number"
    UNREACHABLE = "unreachable"  # the handset was off, or out of reach
    FILTERED = "filtered"  # the operator took it for unsolicited
    # it waits
    PROVIDER_BUSY = "provider-busy"
    PROVIDER_DOWN = "provider-down"
    NOT_FOUND = "not-found"  # it may have left, the provider says that it did not, and it leaves again
    # nobody knows
    UNKNOWN = "unknown"
