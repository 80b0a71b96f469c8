"""The form of a kind: what is typed, kept until it is saved; what an agent will see; what somebody else changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from reflex.event import EventSpec
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.kind_drafts import (
    BOUNDS,
    COLUMNS,
    KindDraft,
    QuotaLine,
    RoleRight,
    differences,
    problems_of,
    shaped,
    uses,
)
from availability.kinds import (
    ChangedMeanwhile,
    ShapeFixed,
    change_kind,
    create_kind,
    forget_kind,
    history_of,
    kind_written,
    kinds_written,
    named_like,
    names_of,
    shape_is_fixed,
)
from availability.models import Kind, QuotaPeriod, Shape
from availability.pages import attribute_rows as attributes
from availability.pages import kind_words as words
from availability.pages import quota_rows
from availability.pages.attribute_rows import AttributeRow, Filter
from availability.pages.kinds import FORM, LIST
from availability.pages.quota_rows import QuotaRow
from availability.rights import Actor, Role
from portal import clock
from portal.database import act, read
from portal.identity import Account
from portal.policy import allow, current_actor
from portal.problems import problem, sentence
from portal.ui.dates import moment
from portal.ui.notice import NoticeState

PARIS = ZoneInfo("Europe/Paris")
NEW = KindDraft(label="", label_plural="", layer="", shape=Shape.SLOTS)
MOST_TYPED = 200
RIGHTS = ("searches", "reserves", "sets")
NO_PROBLEM = dict.fromkeys([*words.TEXTS, *words.FLAGS, "shape", *words.NAMED, "searchable", "quotas"], "")

problem(
    ChangedMeanwhile,
    409,
    "changed-meanwhile",
    "Modifié entre-temps",
    "Quelqu’un d’autre a modifié ce type depuis que vous l’avez ouvert : rien n’est enregistré.",
)
problem(
    ShapeFixed,
    409,
    "shape-fixed",
    "Forme fixée",
    "Des lieux de ce type existent : sa forme ne peut plus changer. Créez un autre type en dupliquant celui-ci.",
)


@dataclass(frozen=True)
class RightRow:
    """What a role may do, as ticked."""

    role: str
    label: str
    searches: bool
    reserves: bool
    sets: bool


@dataclass(frozen=True)
class Option:
    """A kind to choose as information meeting, or as hearing."""

    value: str
    label: str


@dataclass(frozen=True)
class PastLine:
    """One act of the history."""

    when: str
    who: str
    what: str
    changes: list[str]


class KindFormState(rx.State):
    """One kind, new or not."""

    step: str = ""  # "", form, gone, forbidden
    code: str = ""
    title: str = ""
    typed: dict[str, str] = {}  # noqa: RUF012 - Reflex copies the default for each client
    rows: list[AttributeRow] = []  # noqa: RUF012
    rights: list[RightRow] = []  # noqa: RUF012
    quotas: list[QuotaRow] = []  # noqa: RUF012
    meetings: list[Option] = []  # noqa: RUF012
    hearings: list[Option] = []  # noqa: RUF012
    past: list[PastLine] = []  # noqa: RUF012
    problems: dict[str, str] = NO_PROBLEM
    differs: list[str] = []  # noqa: RUF012
    is_shape_fixed: bool = False
    is_dirty: bool = False
    was_kept: bool = False  # what was typed and not saved is shown again
    version: int = 0  # the fields are made again when it grows
    focused: str = ""
    turn: int = 0
    _kind_id: int = 0
    _seen: str = ""  # the kind as it was read, as JSON
    _address: str = ""
    _undo: Any = None
    _labels: dict[str, str] = {}  # noqa: RUF012 - of the kinds, by number
    _next_key: int = 1

    @rx.var
    def wrong(self) -> str:
        """Count what is wrong, above the form."""
        rows = [one.problem for one in self.rows] + [one.problem for one in self.quotas]
        count = sum(1 for one in [*self.problems.values(), *rows] if one)
        return f"{count} champ{'s' if count > 1 else ''} à corriger." if count else ""

    @rx.var
    def shape(self) -> str:
        """Return the shape that is chosen."""
        return self.typed.get("shape", "")

    @rx.var
    def shape_hint(self) -> str:
        """Return what the chosen shape is for."""
        return words.SHAPE_HINTS.get(_shape(self.typed), "")

    @rx.var
    def filters(self) -> list[Filter]:
        """Return the filters that an agent will see."""
        return attributes.preview(self.rows)

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def load(self) -> None:
        """Show the kind of the address, a copy, or an empty form; what was typed and not saved comes back."""
        await self._load()

    async def _load(self) -> None:
        query = self.router.url.query_parameters
        code, copied = str(query.get("type") or ""), str(query.get("copie") or "")
        address = f"{code}|{copied}"
        if self.is_dirty and self._address == address:
            self.was_kept = True
            return
        self._address = address
        actor = await current_actor(self)
        try:
            await self._read(actor, code or copied, is_copy=not code)
        except NotFound:
            self.step = "gone"
        except NotAllowed:
            self.step = "forbidden"

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def start_again(self) -> None:
        """Forget what was typed and show what is saved."""
        self.is_dirty = False
        await self._load()

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def say(self, name: str, value: str | bool) -> None:
        """Note what is typed in a field, or ticked."""
        if not isinstance(name, str) or name not in NO_PROBLEM or not isinstance(value, str | bool):
            return
        said = ("1" if value else "") if isinstance(value, bool) else value[:MOST_TYPED]
        if self.typed.get(name) == said or (name == "shape" and self.is_shape_fixed):
            return
        self.typed = {**self.typed, name: said}
        self.problems = {**self.problems, name: ""}
        self.is_dirty = True

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def say_attribute(self, key: str, name: str, value: str | bool) -> None:
        """Note what is said of a criterion."""
        self._change_rows([attributes.changed(row, name, value) if row.key == key else row for row in self._rows()])

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def add_attribute(self) -> None:
        """Add an empty criterion, and go to it."""
        key = f"n{self._next_key}"
        self._next_key += 1
        self._change_rows([*self._rows(), AttributeRow(key=key)])
        self._focus(f"a-{key}-label")

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def remove_attribute(self, key: str) -> None:
        """Take a criterion away; nothing is saved yet."""
        self._change_rows([row for row in self._rows() if row.key != key])
        self._focus("ajouter-critere")

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def raise_attribute(self, key: str) -> None:
        """Put a criterion before the one that precedes it."""
        rows = self._rows()
        at = next((number for number, row in enumerate(rows) if row.key == key), 0)
        if at:
            rows[at - 1], rows[at] = rows[at], rows[at - 1]
            self._change_rows(rows)

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def say_right(self, role: str, what: str, ticked: bool) -> None:
        """Tick or untick a right: who reserves searches, who no longer searches does nothing."""
        if what not in RIGHTS or not isinstance(ticked, bool):
            return
        self.rights = [_ticked(one, what, ticked) if one.role == role else one for one in self.rights]
        self.is_dirty = True

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def say_quota(self, key: str, name: str, value: str) -> None:
        """Note what is said of a quota."""
        rows = self._quotas()
        said = [quota_rows.changed(row, name, value) if row.key == key else row for row in rows]
        if said != rows:
            self.quotas, self.is_dirty = said, True
            self.problems = {**self.problems, "quotas": ""}

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def add_quota(self) -> None:
        """Add an empty quota, and go to it."""
        key = f"n{self._next_key}"
        self._next_key += 1
        self.quotas, self.is_dirty = [*self._quotas(), QuotaRow(key=key)], True
        self._focus(f"q-{key}-scope")

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def remove_quota(self, key: str) -> None:
        """Take a quota away; nothing is saved yet."""
        self.quotas, self.is_dirty = [row for row in self._quotas() if row.key != key], True
        self._focus("ajouter-quota")

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def save(self, form: dict[str, Any]) -> EventSpec | None:
        """Write the kind; what was typed stays until it is right."""
        if self.step != "form":
            return None
        self._take(form)
        draft = await self._draft()
        if draft is None:
            return None
        actor = await current_actor(self)
        try:
            return await (self._change(actor, draft) if self._kind_id else self._create(actor, draft))
        except InvalidRequest as refusal:
            self._say_wrong([refusal])
        except ChangedMeanwhile as refusal:
            await self._show_differences(actor, refusal)
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
        return None

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def merge(self) -> None:
        """Take what somebody else changed, keep what was changed here: one saves again after a look."""
        draft, kind_id = await self._draft(), self._kind_id
        if draft is None or not kind_id or not self.differs:
            return
        seen = _unpacked(self._seen)
        present = await read(kind_written, await current_actor(self), kind_id)
        mine: dict[str, Any] = {name: getattr(shaped(draft), name) for name in differences(seen, shaped(draft))}
        merged = replace(present, **mine)
        self._fill(merged, await read(names_of, merged))
        self._seen, self.differs, self.is_dirty = _packed(present), [], True
        notice = await self.get_state(NoticeState)
        notice.show("info", "Leurs changements sont repris, les vôtres gardés. Relisez, puis enregistrez.")

    @allow(Role.ADMINISTRATOR)
    @rx.event
    async def undo(self) -> EventSpec | None:
        """Take back the last change."""
        undo, self._undo = self._undo, None
        if undo is None:
            return None
        actor, notice = await current_actor(self), await self.get_state(NoticeState)
        try:
            await act(_undone, actor, undo)
        except Refusal as refusal:
            notice.show_error(sentence(refusal))
            return None
        if undo.func is forget_kind:
            notice.show_success("La création est annulée.", on_next_page=True)
            return rx.redirect(LIST)
        notice.show_success("C’est annulé.")
        await self._read(actor, self.code, is_copy=False)
        return None

    async def _create(self, actor: Actor, draft: KindDraft) -> EventSpec:
        kind_id, code = await act(_created, actor, draft, now=clock.now())
        self._undo = partial(forget_kind, kind_id=kind_id)
        self.is_dirty = False
        said = f"« {draft.label.strip()} » est créé. Il se cherche dès qu’un lieu le propose."
        (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler", on_next_page=True)
        return rx.redirect(f"{FORM}?type={code}")

    async def _change(self, actor: Actor, draft: KindDraft) -> None:
        seen = _unpacked(self._seen)
        done = await act(change_kind, actor, self._kind_id, draft, seen=seen, now=clock.now())
        self._undo = partial(change_kind, kind_id=self._kind_id, draft=done.before, seen=shaped(draft))
        left = len(done.outside)
        outside = f" {left} rendez-vous déjà pris restent hors des nouvelles ouvertures." if left else ""
        said = f"« {draft.label.strip()} » est enregistré.{outside}"
        (await self.get_state(NoticeState)).show_success(said, undo_label="Annuler")
        await self._read(actor, self.code, is_copy=False)

    async def _read(self, actor: Actor, code: str, *, is_copy: bool) -> None:
        found = await read(_opened, actor, code)
        self.meetings = [Option(str(kind.id), kind.label) for kind in found.meetings]
        self.hearings = [Option(str(kind.id), kind.label) for kind in found.hearings]
        self._labels = found.labels
        is_new = is_copy or not code
        self._kind_id, self.code = (0, "") if is_new else (found.kind_id, code)
        self.is_shape_fixed = found.is_shape_fixed and not is_new
        self.past = [] if is_new else found.past
        draft = replace(found.draft, label=f"{found.draft.label} (copie)") if is_copy and code else found.draft
        self.title = "Nouveau type" if is_new else draft.label[:1].upper() + draft.label[1:]
        self._seen = _packed(found.draft)
        self._fill(draft, found.names)
        self.step, self.is_dirty, self.was_kept, self.differs = "form", False, False, []

    def _fill(self, draft: KindDraft, names: Mapping[str, str]) -> None:
        self.typed = words.as_typed(draft)
        self.quotas = quota_rows.rows_of(draft, names)
        self.rows = attributes.rows_of(draft.searchable)
        held = {one.role: one for one in draft.rights}
        self.rights = [
            RightRow(
                role.value,
                label,
                role in held,
                role in held and held[role].may_reserve,
                role in held and held[role].may_set_hours,
            )
            for role, label in words.ROLE_WORDS.items()
        ]
        self.problems = NO_PROBLEM
        self.version += 1

    def _take(self, form: object) -> None:
        """Take from a form what was typed in the field that still has the focus."""
        received = form if isinstance(form, Mapping) else {}
        texts = {name: str(received[name])[:MOST_TYPED] for name in words.TEXTS if isinstance(received.get(name), str)}
        self.typed = {**self.typed, **texts}
        rows = self._rows()
        for number, row in enumerate(rows):
            for name in ("label", "choices", "smallest", "largest", "unit"):
                row = attributes.changed(row, name, received.get(f"a-{row.key}-{name}", getattr(row, name)))  # noqa: PLW2901
            rows[number] = row
        self.rows = rows
        quotas = self._quotas()
        for name in ("of", "most"):
            quotas = [quota_rows.changed(row, name, received.get(f"q-{row.key}-{name}")) for row in quotas]
        self.quotas = quotas

    async def _draft(self) -> KindDraft | None:
        """Return what is typed, or None once what is wrong is said beside each field."""
        self.problems = NO_PROBLEM
        self.rows = attributes.checked(self._rows())
        shape, found = _shape(self.typed), []
        values: dict[str, Any] = {name: self.typed.get(name, "") for name in ("label", "label_plural", "layer")}
        for name in BOUNDS:
            values[name], refusal = _number(name, self.typed.get(name, ""), shape)
            found += [refusal] if refusal else []
        values |= {name: bool(self.typed.get(name)) for name in words.FLAGS}
        for name in words.NAMED:
            number = self.typed.get(name, "")
            values[name] = int(number) if number.isdecimal() and len(number) <= 18 else None
        is_right = not any(row.problem for row in self.rows)
        values["searchable"] = attributes.searchable_of(self._rows()) if is_right else {}
        rights = [RoleRight(Role(one.role), one.reserves, one.sets) for one in self.rights if one.searches]
        order = {role: number for number, role in enumerate(Role)}
        self.quotas, quotas = await read(_read_quotas, self._quotas())
        is_right = is_right and not any(row.problem for row in self.quotas)
        held = tuple(sorted(rights, key=lambda one: order[one.role]))
        draft = KindDraft(**values, shape=shape, rights=held, quotas=quotas)
        unread = {refusal.field for refusal in found}
        found += [one for one in problems_of(shaped(draft)) if one.field not in unread]
        if not found and is_right:
            return draft
        self._say_wrong(found)
        return None

    def _say_wrong(self, refusals: list[InvalidRequest]) -> None:
        """Say what is wrong beside each field, and take the focus to the first."""
        said = {_place(refusal): words.problem_words(refusal) for refusal in refusals}
        self.problems = {name: said.get(name, "") for name in NO_PROBLEM}
        first = next((name for name in NO_PROBLEM if name in said), "")
        wrong_row = next((f"a-{row.key}-label" for row in self.rows if row.problem), "")
        wrong_quota = next((f"q-{row.key}-most" for row in self.quotas if row.problem), "")
        self._focus(first if first and first != "searchable" else wrong_row or wrong_quota or "criteres")

    async def _show_differences(self, actor: Actor, refusal: ChangedMeanwhile) -> None:
        present = await read(kind_written, actor, self._kind_id)
        self.differs = words.changed_words(differences(_unpacked(self._seen), present), self._labels)
        (await self.get_state(NoticeState)).show_error(sentence(refusal))
        self._focus("differences")

    def _rows(self) -> list[AttributeRow]:
        # Reflex hands out proxies of what it keeps: these are rows of our own.
        return [AttributeRow(**{name: getattr(row, name) for name in _ROW}) for row in self.rows]

    def _quotas(self) -> list[QuotaRow]:
        return [QuotaRow(**{name: getattr(row, name) for name in _QUOTA}) for row in self.quotas]

    def _change_rows(self, rows: list[AttributeRow]) -> None:
        self.rows, self.is_dirty = rows, True

    def _focus(self, field: str) -> None:
        self.focused, self.turn = field, self.turn + 1


_ROW = tuple(AttributeRow.__dataclass_fields__)
_QUOTA = tuple(QuotaRow.__dataclass_fields__)


@dataclass(frozen=True)
class _Opened:
    kind_id: int
    draft: KindDraft
    meetings: list[Kind]
    hearings: list[Kind]
    labels: dict[str, str]
    is_shape_fixed: bool
    past: list[PastLine]
    names: dict[str, str]  # of those whom quotas are of, by code


def _opened(session: Session, actor: Actor, code: str) -> _Opened:
    lines = kinds_written(session, actor)
    of_slots, of_sessions = (
        [line.kind for line in lines if line.kind.shape == shape and line.kind.is_active]
        for shape in (Shape.SLOTS, Shape.SESSIONS)
    )
    labels = {str(line.kind.id): line.kind.label for line in lines}
    named = {"meetings": of_slots, "hearings": of_sessions, "labels": labels}
    if not code:
        last = max((line.kind.position for line in lines), default=0)
        rights = (RoleRight(Role.ADMINISTRATOR),)
        return _Opened(
            0, replace(NEW, position=last + 1, rights=rights), **named, is_shape_fixed=False, past=[], names={}
        )
    kind = next((line.kind for line in lines if line.kind.code == code), None)
    if kind is None:
        raise NotFound(type=code)
    past = history_of(session, actor, kind.id)
    wanted = {one.actor_id for one in past if one.actor_id}
    names: dict[UUID, str] = dict(
        session.exec(select(Account.id, Account.name).where(col(Account.id).in_(wanted))).all()
    )
    said = [
        PastLine(
            moment(one.at, PARIS),
            names.get(one.actor_id, "") if one.actor_id else "",
            words.ACT_WORDS.get(one.act, one.act),
            words.changed_words(one.facts.get("changed", {}), labels),
        )
        for one in past
    ]
    fixed = shape_is_fixed(session, kind.id)
    draft = kind_written(session, actor, kind.id)
    return _Opened(kind.id, draft, **named, is_shape_fixed=fixed, past=said, names=names_of(session, draft))


def _read_quotas(session: Session, rows: list[QuotaRow]) -> tuple[list[QuotaRow], tuple[QuotaLine, ...]]:
    return quota_rows.read(rows, partial(named_like, session))


def _created(session: Session, actor: Actor, draft: KindDraft, *, now: datetime) -> tuple[int, str]:
    kind_id = create_kind(session, actor, draft, now=now)
    return kind_id, session.get_one(Kind, kind_id).code


def _undone(session: Session, actor: Actor, undo: Any) -> None:
    undo(session, actor, now=clock.now())


def _ticked(row: RightRow, what: str, ticked: bool) -> RightRow:
    values = {name: getattr(row, name) for name in ("role", "label", *RIGHTS)} | {what: ticked}
    if what == "searches" and not ticked:
        values |= {"reserves": False, "sets": False}
    elif ticked:
        values["searches"] = True
    return RightRow(**values)


def _shape(typed: Mapping[str, str]) -> Shape:
    said = typed.get("shape", "")
    return Shape(said) if said in [one.value for one in Shape] else Shape.SLOTS


def _number(name: str, typed: str, shape: Shape) -> tuple[int | None, InvalidRequest | None]:
    """Return the number typed; a column that the shape does not use is not read."""
    text = typed.strip()
    if not uses(shape, name):
        return getattr(NEW, name), None
    if not text:
        return (None, None) if name == "max_days" else (0, InvalidRequest(name, "required"))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        return 0, InvalidRequest(name, "not-numeric")
    return int(text), None


def _place(refusal: InvalidRequest) -> str:
    return "searchable" if refusal.field.startswith("searchable") else refusal.field.partition(".")[0]


def _packed(draft: KindDraft) -> str:
    rights = [[one.role.value, one.may_reserve, one.may_set_hours] for one in draft.rights]
    quotas = [asdict(one) for one in draft.quotas]
    return json.dumps({name: getattr(draft, name) for name in COLUMNS} | {"rights": rights, "quotas": quotas})


def _unpacked(packed: str) -> KindDraft:
    values = json.loads(packed)
    rights = tuple(RoleRight(Role(role), *others) for role, *others in values.pop("rights"))
    quotas = tuple(QuotaLine(**one | {"per": QuotaPeriod(one["per"])}) for one in values.pop("quotas"))
    return KindDraft(**values | {"shape": Shape(values["shape"])}, rights=rights, quotas=quotas)
