"""The two expected failures: a refusal (the answer is no) and an outage (somebody else is down)."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Understood, and the answer is no. Carries facts; the edge finds the words."""

    def __init__(self, **facts: object) -> None:
        super().__init__(type(self).__name__, facts)
        self.facts = facts


class Outage(Exception):  # noqa: N818
    """An outside service failed; whoever asked may try again later."""


class NotFound(Refusal):
    """No such thing, or not for this actor: the two answers are the same on purpose."""


class NotAllowed(Refusal):
    """The actor sees the thing, but no right of theirs covers this act on it."""


class InvalidRequest(Refusal):
    """A value that cannot be used; `field` names it and `problem` says which rule it breaks."""

    def __init__(self, field: str, problem: str, **facts: object) -> None:
        super().__init__(field=field, problem=problem, **facts)
        self.field = field
        self.problem = problem


class PeriodTaken(Refusal):
    """Somebody has the place for a part of the wanted period."""


class CapacityReached(Refusal):
    """As many as can be are there already at some moment of the wanted period."""


class NotOpen(Refusal):
    """The resource is closed, or no start of its grid is at the wanted instant."""
