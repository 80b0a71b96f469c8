"""What an administrator does with the texts of messages: read, write, try, put in use, take back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session

from availability.errors import Refusal
from availability.kinds import is_national
from availability.rights import Actor, Role
from booking.persons import LANGUAGES
from convocations.errors import TextRefused, TextTelling
from convocations.kinds import TEXT_KINDS, MessageKind
from convocations.pages.problems import said
from convocations.pages.template_problems import problem_words
from convocations.pages.templates_words import (
    LANGUAGE_NAMES,
    TEXT_WORDS,
    BrokenRow,
    LanguageRow,
    Letter,
    Screen,
    VariableChip,
    VersionRow,
    address_of,
    chips_of,
    class_words,
    letters_of,
    review_words,
    scope_words,
    screen_of,
    version_row,
    warning_words,
)
from convocations.routes import Routes, read_prices
from convocations.template_models import TextState
from convocations.template_queries import (
    SERVICES_SHOWN,
    Review,
    Sample,
    Scope,
    Service,
    Version,
    broken,
    kinds,
    names_of,
    reminders_of,
    reviews,
    sample,
    services,
    texts_for,
    versions,
)
from convocations.templates import (
    forget_draft,
    let_name,
    may_write,
    put_in_use,
    review,
    save_draft,
    set_reminders,
    use_version,
)
from convocations.texts import (
    Texts,
    costly_in,
    filled,
    precisions,
    problems,
    spelled,
    standard_text,
    tidy,
    warnings,
)
from convocations.wording import FRENCH, page_words
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor
from portal.settings import settings
from portal.ui.notice import NoticeState

EDITOR = Role.ADMINISTRATOR
MOST_TYPED = 2000
MOST_KEPT = 20  # texts being written at once
FICTION = {True: "celui d’une demande fictive", False: "celui d’un rendez-vous fictif"}
EARLIER = {"72": "3 jours avant", "168": "7 jours avant", "336": "14 jours avant"}


@dataclass(frozen=True)
class Found:
    """Everything that the page shows of a text."""

    scope: Scope
    kinds: list[tuple[int, str, str]]
    services: list[Service]
    versions: list[Version]
    texts: Texts
    sample: Sample
    reviews: list[Review]
    broken: list[tuple[UUID, Scope, Any]]
    named: tuple[bool, str, frozenset[str]]
    reminders: tuple[int, ...]
    may_write: bool
    is_national: bool


class TemplatesState(rx.State):
    """The text chosen, as it is being written."""

    is_loaded: bool = False
    message: str = MessageKind.CONFIRMATION.value
    language: str = FRENCH
    kind: str = ""
    service: str = ""
    kinds: list[tuple[str, str]] = []  # noqa: RUF012 - Reflex copies the default for each client
    services: list[tuple[str, str]] = []  # noqa: RUF012
    sought: str = ""  # in the names of services
    is_more: bool = False  # services than the list shows
    is_to_host: bool = False  # in French, whoever the host is
    class_words: str = ""
    source: str = ""
    why_not: str = ""  # it cannot be written by whoever looks
    direction: str = "ltr"
    chips: list[VariableChip] = []  # noqa: RUF012
    body: str = ""
    turn: int = 0  # the text area is drawn again when the server writes in it
    problems: list[str] = []  # noqa: RUF012
    warned: list[str] = []  # noqa: RUF012
    letters: list[Letter] = []  # noqa: RUF012
    asks: bool = False  # words are to be confirmed
    screen: Screen = Screen()
    told: str = ""  # with what the preview is filled in
    history: list[VersionRow] = []  # noqa: RUF012
    languages: list[LanguageRow] = []  # noqa: RUF012
    broken: list[BrokenRow] = []  # noqa: RUF012
    has_draft: bool = False
    in_use: bool = False
    is_named: bool = False
    can_name: bool = False
    earlier: list[str] = []  # noqa: RUF012
    can_remind: bool = False
    _found: Any = None
    _typed: dict[str, str] = {}  # noqa: RUF012 - by address: what was typed stays until it is saved
    _undo: Any = None

    @allow(EDITOR)
    @rx.event
    async def load(self) -> None:
        """Show the text that the address names."""
        asked = self.router.url.query_parameters
        kind = str(asked.get("message", ""))
        language = str(asked.get("langue", ""))
        self.message = kind if kind in TEXT_KINDS else MessageKind.CONFIRMATION.value
        self.language = language if language in LANGUAGES else FRENCH
        self.kind, self.service = _number(asked.get("type")), _number(asked.get("service"))
        self.asks = False
        await self._show()

    @allow(EDITOR)
    @rx.event
    def choose(self, name: str, value: str) -> EventSpec | None:
        """Go to another text; the address says which."""
        if name not in ("message", "language", "kind", "service"):
            return None
        asked = {"message": self.message, "language": self.language, "kind": self.kind, "service": self.service}
        asked[name] = str(value)
        message = TEXT_KINDS.get(asked["message"], MessageKind.CONFIRMATION)
        language = asked["language"] if asked["language"] in LANGUAGES else FRENCH
        scope = Scope(message, language, _id(asked["kind"]), _id(asked["service"]))
        if scope.is_to_host != self.is_to_host:  # neither the kinds nor the services of the others
            scope = Scope(message)
        return rx.redirect(address_of(scope))

    @allow(EDITOR)
    @rx.event
    async def seek(self, typed: str) -> None:
        """List the services in whose name some words are; what is being written stays."""
        self.sought = str(typed)[:100]
        await self._show()

    @allow(EDITOR)
    @rx.event
    async def type_in(self, typed: str) -> None:
        """Say at once what a text becomes, and what is wrong with it."""
        self.body, self.asks = str(typed)[:MOST_TYPED], False
        self._keep()
        self._judge()

    @allow(EDITOR)
    @rx.event
    async def insert(self, variable: str) -> None:
        """Add a variable at the end of the text."""
        if variable in {one.code for one in self.chips}:
            self._write(f"{self.body.rstrip()} {variable}".strip())

    @allow(EDITOR)
    @rx.event
    async def spell_plainly(self) -> None:
        """Write as a typewriter does what would make the SMS cost more."""
        self._write(spelled(self.body))

    @allow(EDITOR)
    @rx.event
    async def use(self, confirms: bool) -> EventSpec | None:
        """Put the text in use; words that tell are confirmed in one more click."""
        found = self._found
        if found is None:
            return None
        seen = _in_use(found.versions)
        work = partial(put_in_use, scope=self._scope, body=self.body, seen=seen, confirms=bool(confirms))
        made = await self._do(work)
        if made is None:
            return rx.set_focus("confirmer") if self.asks else rx.set_focus("texte")
        self._undo = partial(use_version, scope=self._scope, version_id=seen, seen=made)
        return await self._done("Ce texte est en service : les prochains SMS partiront avec lui.", can_undo=True)

    @allow(EDITOR)
    @rx.event
    async def draft(self) -> EventSpec | None:
        """Keep the text for later."""
        if await self._do(partial(save_draft, scope=self._scope, body=self.body)) is None:
            return rx.set_focus("texte")
        return await self._done("Le brouillon est gardé : il ne part pas tant qu’il n’est pas mis en service.")

    @allow(EDITOR)
    @rx.event
    async def drop(self) -> EventSpec | None:
        """Throw the draft away, and what was typed."""
        body = self.body
        if await self._do(_dropped, scope=self._scope) is None:
            return None
        self._undo = partial(save_draft, scope=self._scope, body=body)
        return await self._done("Le brouillon est abandonné.", can_undo=True)

    @allow(EDITOR)
    @rx.event
    async def go_back(self, version_id: str) -> EventSpec | None:
        """Put a version in use again, or the standard text when none is named."""
        found = self._found
        known = {row.id for row in self.history if row.can_use}
        if found is None or (version_id and version_id not in known):
            return None
        seen, wanted = _in_use(found.versions), UUID(version_id) if version_id else None
        if await self._do(partial(_used, scope=self._scope, version_id=wanted, seen=seen)) is None:
            return None
        self._undo = partial(use_version, scope=self._scope, version_id=seen, seen=wanted)
        words = "Cette version est de nouveau en service." if wanted else "Le texte plus général sert de nouveau."
        return await self._done(words, can_undo=True)

    @allow(EDITOR)
    @rx.event
    async def reviewed(self, language: str, is_reviewed: bool) -> EventSpec | None:
        """Say that a translator read the sentences of a language, or no longer."""
        if await self._do(partial(_reviewed, language=str(language), reviewed=bool(is_reviewed))) is None:
            return None
        self._undo = partial(review, language=str(language), reviewed=not is_reviewed)
        name = LANGUAGE_NAMES.get(str(language), "")
        words = f"{name} : les phrases sont {'relues' if is_reviewed else 'à relire'}."
        return await self._done(words, can_undo=True, keeps=True)

    @allow(EDITOR)
    @rx.event
    async def name_service(self, allowed: bool) -> EventSpec | None:
        """Say whether the name of the service may be written."""
        number = _id(self.service)
        if number is None or await self._do(partial(_named, organisation_id=number, allowed=bool(allowed))) is None:
            return None
        self._undo = partial(let_name, organisation_id=number, allowed=not allowed)
        words = "Le nom du service peut être écrit." if allowed else "Le nom du service n’est plus écrit."
        return await self._done(words, can_undo=True, keeps=True)

    @allow(EDITOR)
    @rx.event
    async def remind(self, hours: str, wanted: bool) -> EventSpec | None:
        """Add or remove a reminder of this kind of place."""
        number = _id(self.kind)
        if number is None or hours not in EARLIER:
            return None
        chosen = {int(one) for one in self.earlier if one != hours} | ({int(hours)} if wanted else set())
        before = await self._do(partial(set_reminders, kind_id=number, hours=sorted(chosen)))
        if before is None:
            return None
        self._undo = partial(set_reminders, kind_id=number, hours=before)
        words = "Les prochains rendez-vous de ce type seront rappelés ainsi."
        return await self._done(words, can_undo=True, keeps=True)

    @allow(EDITOR)
    @rx.event
    async def undo(self) -> EventSpec | None:
        """Take the last act back."""
        undo, self._undo = self._undo, None
        if undo is None or await self._do(partial(_undone, work=undo)) is None:
            return None
        return await self._done("C’est annulé.")

    @property
    def _scope(self) -> Scope:
        return Scope(TEXT_KINDS[self.message], self.language, _id(self.kind), _id(self.service))

    async def _do(self, work: Any, **more: Any) -> Any:
        """Return what an act answered; None when it was refused, which is then said: what was typed stays."""
        try:
            return await act(work, await current_actor(self), now=now(), **more)
        except TextTelling:
            self.asks = True
        except TextRefused:
            self._judge()
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(said(refusal))
            self._keep()
            await self._show()
        return None

    async def _done(self, words: str, *, can_undo: bool = False, keeps: bool = False) -> EventSpec:
        if not keeps:
            here = address_of(self._scope)
            self._typed = {one: typed for one, typed in self._typed.items() if one != here}
        self.asks = False
        (await self.get_state(NoticeState)).show_success(words, undo_label="Annuler" if can_undo else "")
        await self._show()
        return rx.set_focus("message")

    def _write(self, body: str) -> None:
        self.body, self.turn, self.asks = body[:MOST_TYPED], self.turn + 1, False
        self._keep()
        self._judge()

    def _keep(self) -> None:
        kept = {**self._typed, address_of(self._scope): self.body}
        self._typed = dict(list(kept.items())[-MOST_KEPT:])

    async def _show(self) -> None:
        found = await read(_read, await current_actor(self), self._scope, self.sought)
        self._found = found
        scope = found.scope
        self.kind, self.service = str(scope.kind_id or ""), str(scope.organisation_id or "")
        self.language, self.is_to_host = scope.language, scope.is_to_host
        self.kinds = [(str(number), label) for number, _, label in found.kinds]
        self.services = [(str(one.id), one.name) for one in found.services[:SERVICES_SHOWN]]
        self.is_more = len(found.services) > SERVICES_SHOWN or self.sought != ""
        self.class_words = class_words(scope.message_kind)
        self.source = _source(found)
        self.why_not = _why_not(found)
        self.direction = page_words(scope.language).direction
        self.chips = chips_of(scope.message_kind, may_name=found.named[0])
        self.history = [version_row(one, may_write=found.may_write) for one in found.versions]
        self.languages = [] if scope.is_to_host else _languages(found)
        self.broken = _broken(found)
        self.has_draft = any(one.state is TextState.DRAFT for one in found.versions)
        self.in_use = _in_use(found.versions) is not None
        self.is_named = found.named[0]
        self.can_name = scope.organisation_id is not None and any(
            one.id == scope.organisation_id and one.is_mine for one in found.services
        )
        self.earlier = [str(one) for one in found.reminders]
        self.can_remind = scope.kind_id is not None and not scope.is_to_host and found.is_national
        self.told = (
            "Avec les données du prochain message de ce type dans votre ressort."
            if found.sample.is_real
            else f"Aucun message de ce type n’attend : l’exemple est {FICTION[scope.is_to_host]}."
        )
        self.body = self._typed.get(address_of(scope), _starting(found))
        self.turn, self.is_loaded = self.turn + 1, True
        self._judge()

    def _judge(self) -> None:
        found = self._found
        if found is None:
            return
        scope, body = found.scope, tidy(self.body)
        may_name, name, names = found.named
        wrong = problems(body, scope.message_kind, may_name=may_name, names=names)
        self.problems = [problem_words(one) for one in wrong]
        self.warned = warning_words(warnings(body, scope.language, scope.message_kind, name))
        self.letters = letters_of(costly_in(body, scope.language))
        try:
            shown = filled(body, scope.message_kind, scope.language, found.sample.facts, name if may_name else "")
        except ValueError:
            shown = ""
        self.screen = screen_of(shown, scope.language, _price())


def _read(session: Session, actor: Actor, scope: Scope, words: str) -> Found:
    if scope.is_to_host:
        scope = Scope(scope.message_kind, FRENCH, scope.kind_id)
    offered = services(session, actor, words=words, chosen=scope.organisation_id)
    if scope.organisation_id is not None and scope.organisation_id not in {one.id for one in offered}:
        scope = Scope(scope.message_kind, scope.language, scope.kind_id, None)
    listed = kinds(session, asked_of_hosts=scope.is_to_host)
    if scope.kind_id not in {number for number, _, _ in listed}:
        scope = Scope(scope.message_kind, scope.language, None, scope.organisation_id)
    national = is_national(session, actor)
    return Found(
        scope=scope,
        kinds=listed,
        services=offered,
        versions=versions(session, scope),
        texts=texts_for(session, [(scope.kind_id, scope.organisation_id)]),
        sample=sample(session, actor, scope, origin=settings().origin, now=now()),
        reviews=reviews(session),
        broken=broken(session, actor, is_national=national),
        named=names_of(session, scope.organisation_id),
        reminders=reminders_of(session, scope.kind_id) if scope.kind_id else (),
        may_write=may_write(session, actor, scope),
        is_national=national,
    )


def _dropped(session: Session, actor: Actor, scope: Scope, *, now: Any) -> bool:  # noqa: ARG001
    forget_draft(session, actor, scope)
    return True


def _used(session: Session, actor: Actor, **asked: Any) -> bool:
    use_version(session, actor, **asked)
    return True


def _reviewed(session: Session, actor: Actor, **asked: Any) -> bool:
    review(session, actor, **asked)
    return True


def _named(session: Session, actor: Actor, **asked: Any) -> bool:
    let_name(session, actor, **asked)
    return True


def _undone(session: Session, actor: Actor, *, work: Any, now: Any) -> bool:
    work(session, actor, now=now)
    return True


def _in_use(listed: list[Version]) -> UUID | None:
    return next((one.id for one in listed if one.state is TextState.IN_USE), None)


def _starting(found: Found) -> str:
    """Return what the editor begins with: the draft, what is in use here, else what messages say now."""
    own = {one.state: one.body for one in reversed(found.versions)}
    said_now = found.texts.find(found.scope.message_kind, found.scope.language, found.scope.place)
    standard = standard_text(found.scope.message_kind, found.scope.language)
    return own.get(TextState.DRAFT) or own.get(TextState.IN_USE) or (said_now.body if said_now else standard)


def _source(found: Found) -> str:
    """Return what messages are written from now."""
    scope = found.scope
    own = next((one for one in found.versions if one.state is TextState.IN_USE), None)
    draft = " Vous lisez un brouillon." if any(one.state is TextState.DRAFT for one in found.versions) else ""
    if own is not None:
        return f"Les SMS partent avec la version {own.number} d’ici.{draft}"
    for kind_id, organisation_id in precisions(scope.place)[1:]:
        if (scope.message_kind, scope.language, kind_id, organisation_id) in found.texts.in_use:
            general = Scope(scope.message_kind, scope.language, kind_id, organisation_id)
            return f"Les SMS partent avec un texte plus général : {_named_scope(found, general)}.{draft}"
    return f"Les SMS partent avec le texte standard.{draft}"


def _named_scope(found: Found, scope: Scope) -> str:
    return scope_words(
        scope, {number: label for number, _, label in found.kinds}, {one.id: one.name for one in found.services}
    )


def _why_not(found: Found) -> str:
    if found.may_write:
        return ""
    if found.scope.is_to_host:
        return "Les textes aux lieux sont écrits par l’administration nationale."
    if found.scope.organisation_id is None:
        return "Les textes de tous les services sont écrits par l’administration nationale. Choisissez un service."
    return "Ce service a des lieux hors de votre ressort : ses textes sont écrits par qui les administre tous."


def _languages(found: Found) -> list[LanguageRow]:
    known = {one.language: one for one in found.reviews}
    rows = [_language_row(found, language, known.get(language)) for language in LANGUAGE_NAMES]
    return [row for row in rows if row.code in LANGUAGES]


def _language_row(found: Found, language: str, one: Review | None) -> LanguageRow:
    scope = Scope(found.scope.message_kind, language, found.scope.kind_id, found.scope.organisation_id)
    written = found.texts.write(scope.message_kind, language, found.sample.facts, scope.place)
    words, badge, by = review_words(one)
    return LanguageRow(
        code=language,
        name=LANGUAGE_NAMES[language],
        href=address_of(scope),
        source="texte de l’administration" if written.text_id else "texte standard",
        screen=screen_of(written.body, language, _price()),
        review=words,
        badge=badge,
        read=by,
        is_reviewed=one is not None and one.is_reviewed,
        can_review=found.is_national and one is not None,
    )


def _broken(found: Found) -> list[BrokenRow]:
    return [BrokenRow(str(number), _named_scope(found, scope), address_of(scope)) for number, scope, _ in found.broken]


def _price() -> int:
    return Routes(prices=read_prices(settings().sms_prices)).price("FR")


def _number(typed: object) -> str:
    text = str(typed or "")
    return text if text.isascii() and text.isdecimal() and len(text) < 16 else ""


def _id(typed: str) -> int | None:
    return int(number) if (number := _number(typed)) else None


MESSAGES = list(TEXT_WORDS.items())
