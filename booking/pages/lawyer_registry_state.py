"""What a registry does of lawyers: dates to release, who is invited, whom they assist, what they may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.rights import Actor
from booking.day import time_zone_of
from booking.lawyer_invitations import (
    Mailed,
    invitations_of,
    invite,
    mailed_of,
    restore_invitation,
    withdraw_invitation,
)
from booking.lawyer_models import LawyerInvitation, Per
from booking.lawyer_registry import DateToRelease, release_date, to_release, undo_release
from booking.lawyer_rules import (
    ConventionLine,
    RuleChoices,
    RuleLine,
    choices_for_rules,
    conventions_of,
    remove_convention,
    remove_rule,
    rules_of,
    set_convention,
    set_rule,
    write_convention,
    write_rule,
)
from booking.lawyers import (
    Assisted,
    KnownLawyer,
    assisted,
    end_case,
    hearings_touched,
    lawyers_of,
    name_lawyer,
    resume_case,
)
from booking.natures import natures
from booking.pages.lawyer_registry_form import MOST_TYPED, account_of, number_of, spec_of, whole
from booking.pages.lawyer_registry_rows import (
    Line,
    Option,
    ReleaseRow,
    convention_line,
    dotted,
    invitation_line,
    release_row,
    rule_line,
    whom_words,
)
from booking.pages.lawyer_words import nature_words
from booking.pages.undoing import UndoingState
from booking.plans.hearings import PLANNERS
from portal.clock import now
from portal.database import act, read
from portal.live import watch
from portal.policy import allow, current_actor
from portal.problems import sentence
from portal.settings import settings

UNDO = "Annuler"
INVITED = "L’invitation part par courriel, avec un lien qui ouvre le compte une seule fois."
INVITED_HERE = "L’invitation est prête. Aucun courriel ne part d’ici : copiez son lien et envoyez-le à l’avocat."
RULE_FIELDS = {
    "minutes": "regle-minutes",
    "min_delay_days": "regle-delai",
    "change_before_days": "regle-changer",
    "kind": "regle-type",
    "template": "regle-modele",
}


@dataclass(frozen=True)
class _Read:
    """Everything that the page shows."""

    release: list[DateToRelease]
    lawyers: list[KnownLawyer]
    invitations: list[LawyerInvitation]
    mailed: dict[int, Mailed]
    assisted: list[Assisted]
    rules: list[RuleLine]
    conventions: list[ConventionLine]
    choices: RuleChoices
    natures: dict[str, str]
    zone: ZoneInfo


class LawyerRegistryState(UndoingState, rx.State):
    """The page of lawyers, as a registry has it."""

    release: list[ReleaseRow] = []  # noqa: RUF012 - Reflex copies the default for each client
    lawyers: list[Line] = []  # noqa: RUF012
    invitations: list[Line] = []  # noqa: RUF012
    assisted: list[Line] = []  # noqa: RUF012
    rules: list[Line] = []  # noqa: RUF012
    conventions: list[Line] = []  # noqa: RUF012
    courts: list[Option] = []  # noqa: RUF012
    kinds: list[Option] = []  # noqa: RUF012
    lines: list[Option] = []  # noqa: RUF012
    natures: list[Option] = []  # noqa: RUF012
    wrong: str = ""  # the field that was refused
    why: str = ""
    turns: dict[str, int] = {"invitation": 0, "affaire": 0, "regle": 0, "convention": 0}  # noqa: RUF012 - as above
    is_loaded: bool = False

    @allow(*PLANNERS)
    @rx.event
    async def load(self) -> None:
        """Show what concerns lawyers in the actor's courts."""
        watch(self)
        self.wrong = self.why = ""
        self._undo = None
        await self._read_again()
        self.is_loaded = True

    @allow(*PLANNERS)
    @rx.event
    async def free(self, booking_id: str) -> EventSpec | None:
        """Release a date whose summons has not come."""
        if not any(one.id == str(booking_id) for one in self.release):
            return None
        number = UUID(str(booking_id))
        said = "La date est libérée, et l’avocat en est prévenu."
        undo = (partial(undo_release, booking_id=number), "La date est à nouveau à son avocat.")
        return await self._do(partial(release_date, booking_id=number), said, undo)

    @allow(*PLANNERS)
    @rx.event
    async def invite(self, form: dict[str, Any]) -> EventSpec:
        """Make the link by which a lawyer opens their account."""
        typed = {name: str(form.get(f"avocat-{name}", ""))[:MOST_TYPED] for name in ("name", "email", "bar", "firm")}
        try:
            invited = await act(invite, await current_actor(self), **typed, now=now())
        except InvalidRequest as refusal:
            return self._at_field(f"avocat-{refusal.facts['field']}", sentence(refusal))
        self._undo = None
        said = "Cet avocat a déjà un compte : il prend désormais des dates chez vous."
        if invited.invitation is not None:
            said = INVITED if settings().smtp_url else INVITED_HERE
        return await self._done(said, form="invitation")

    @allow(*PLANNERS)
    @rx.event
    async def withdraw(self, invitation_id: str) -> EventSpec:
        """Withdraw an invitation."""
        number = number_of(invitation_id)
        undo = (partial(restore_invitation, invitation_id=number), "L’invitation est rétablie, au même lien.")
        return await self._do(partial(withdraw_invitation, invitation_id=number), "L’invitation est retirée.", undo)

    @allow(*PLANNERS)
    @rx.event
    async def name_one(self, form: dict[str, Any]) -> EventSpec:
        """Note that a lawyer assists a case."""
        typed, chosen = str(form.get("numero", ""))[:MOST_TYPED], str(form.get("avocat", ""))
        try:
            account_id = account_of(chosen)
            await act(name_lawyer, await current_actor(self), account_id, case_ref=typed, now=now())
        except Refusal as refusal:
            if isinstance(refusal, NotFound):
                return self._at_field("avocat", "Choisissez un avocat.")
            words = "Écrivez le numéro de l’affaire." if not typed.strip() else sentence(refusal)
            return self._at_field("numero", words)
        self._undo = None
        return await self._done("C’est noté : l’avocat lit les audiences de cette affaire.", form="affaire")

    @allow(*PLANNERS)
    @rx.event
    async def end_one(self, case_id: str) -> EventSpec:
        """Note that a lawyer no longer assists."""
        number = number_of(case_id)
        undo = (partial(resume_case, case_id=number), "L’avocat assiste à nouveau cette affaire.")
        return await self._do(partial(end_case, case_id=number), "L’avocat ne lit plus cette affaire.", undo)

    @allow(*PLANNERS)
    @rx.event
    async def add_rule(self, form: dict[str, Any]) -> EventSpec:
        """Write what lawyers may take."""
        try:
            spec = spec_of(form, {one.id: one.label.partition(" – ")[2] for one in self.natures})
            self._undo = await act(write_rule, await current_actor(self), spec, now=now())
        except Refusal as refusal:
            if isinstance(refusal, NotFound):
                return self._at_field("regle-tribunal", "Choisissez un tribunal, et un type d’audience.")
            return self._at_field(RULE_FIELDS.get(str(refusal.facts.get("field")), "regle-famille"), sentence(refusal))
        self._undone = "La règle est comme avant."
        said = "La règle est enregistrée : elle vaut dès maintenant."
        return await self._done(said, undo=UNDO, form="regle")

    @allow(*PLANNERS)
    @rx.event
    async def drop_rule(self, rule_id: str) -> EventSpec:
        """Take a rule away."""
        try:
            spec = await act(remove_rule, await current_actor(self), number_of(rule_id), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        self._undo, self._undone = partial(set_rule, spec=spec), "La règle est remise."
        return await self._done("La règle est retirée. Les dates déjà prises restent prises.", undo=UNDO)

    @allow(*PLANNERS)
    @rx.event
    async def add_convention(self, form: dict[str, Any]) -> EventSpec:
        """Agree on a number of dates."""
        whom, chosen = str(form.get("avec", "")), str(form.get("avec-nom", ""))[:MOST_TYPED]
        with_whom: dict[str, Any] = {"bar": chosen} if whom == "barreau" else {"firm": chosen}
        try:
            if whom == "avocat":
                with_whom = {"account_id": account_of(str(form.get("avec-avocat", "")))}
            per = Per.MONTH if form.get("par") == Per.MONTH else Per.SESSION
            site, most = number_of(form.get("convention-tribunal", "")), whole(form.get("nombre", ""), "most")
            agreed = {"site_id": site, "per": per} | with_whom
            self._undo = await act(write_convention, await current_actor(self), agreed, most, now=now())
        except Refusal as refusal:
            if isinstance(refusal, NotFound):
                with_one = whom == "avocat"
                return self._at_field(
                    "avec-avocat" if with_one else "convention-tribunal",
                    "Choisissez l’avocat." if with_one else "Choisissez un tribunal.",
                )
            return self._at_field("nombre" if refusal.facts.get("field") == "most" else "avec-nom", sentence(refusal))
        self._undone = "La convention est comme avant."
        return await self._done("La convention est enregistrée.", undo=UNDO, form="convention")

    @allow(*PLANNERS)
    @rx.event
    async def drop_convention(self, convention_id: str) -> EventSpec:
        """End a convention."""
        try:
            was = await act(remove_convention, await current_actor(self), number_of(convention_id), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        self._undo = partial(
            set_convention,
            site_id=was.site_id,
            per=Per(was.per),
            most=was.most,
            account_id=was.account_id,
            firm=was.firm,
            bar=was.bar,
        )
        self._undone = "La convention est remise."
        return await self._done("La convention est retirée.", undo=UNDO)

    @allow(*PLANNERS)
    @rx.event
    async def undo(self) -> EventSpec:
        """Take back the last act."""
        return await self._take_back()

    async def _do(self, action: Callable[..., Any], said: str, undo: tuple[Callable[..., Any], str]) -> EventSpec:
        try:
            await act(action, await current_actor(self), now=now())
        except Refusal as refusal:
            return await self._refused(refusal)
        self._undo, self._undone = undo
        return await self._done(said, undo=UNDO)

    def _at_field(self, field: str, words: str) -> EventSpec:
        self.wrong, self.why = field, words
        return rx.set_focus(field)

    async def _done(self, words: str, *, undo: str = "", form: str = "") -> EventSpec:
        """Say what is done; that form is drawn again, empty: what was typed in the others stays."""
        self.wrong = self.why = ""
        if form:
            self.turns = self.turns | {form: self.turns[form] + 1}
        return await self._said(words, undo=undo)

    async def _places_changed(self, resource_ids: frozenset[int]) -> None:
        if await read(hearings_touched, await current_actor(self), PLANNERS, resource_ids):
            await self._read_again()

    async def _read_again(self) -> None:
        at = now()
        found: _Read = await read(_read, await current_actor(self), at)
        self.release = [release_row(one, found.natures) for one in found.release]
        self.lawyers = [Line(str(one.account_id), one.name, dotted(one.firm, one.bar)) for one in found.lawyers]
        self.invitations = [invitation_line(one, found.mailed.get(one.id), found.zone) for one in found.invitations]
        self.assisted = [Line(str(one.id), one.lawyer, whom_words(one, found.zone)) for one in found.assisted]
        self.rules = [rule_line(one, found.natures) for one in found.rules]
        self.conventions = [convention_line(one) for one in found.conventions]
        self.courts = [Option(str(number), name) for number, name in found.choices.courts]
        self.kinds = [Option(str(number), name) for number, name in found.choices.kinds]
        self.lines = [Option(str(number), name) for number, name in found.choices.lines]
        self.natures = [Option(code, nature_words(found.natures, code)) for code in found.natures]


def _read(session: Session, actor: Actor, at: datetime) -> _Read:
    invitations = invitations_of(session, actor, now=at)
    return _Read(
        release=to_release(session, actor, now=at),
        lawyers=lawyers_of(session, actor),
        invitations=invitations,
        mailed=mailed_of(session, [one.id for one in invitations]),
        assisted=assisted(session, actor),
        rules=rules_of(session, actor),
        conventions=conventions_of(session, actor),
        choices=choices_for_rules(session, actor),
        natures=natures(session),
        zone=ZoneInfo(time_zone_of(session, actor)),
    )
