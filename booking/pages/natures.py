"""The page of the nomenclature of natures: the tree in force, and the list that an administrator imports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import reflex as rx
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.importers.report import FileRefused
from availability.importers.sent import keep_file, sent_file
from availability.importers.sheets import MOST_BYTES
from availability.importers.words import refusal_sentence
from availability.kinds import is_national
from availability.rights import Actor
from availability.words import invalid_sentence
from booking.hearing_templates import SETTERS, tried
from booking.nature_models import LABEL_LENGTH
from booking.natures import IMPORTERS, Imported, above, import_natures, natures, read_natures, restore_natures
from booking.pages.court_links import court_links
from booking.pages.import_files import bounded
from booking.pages.import_parts import SendForm
from booking.pages.import_words import LIMITS, REFUSED_FILE
from portal.clock import now
from portal.database import act, read
from portal.policy import allow, current_actor, page, requires
from portal.problems import sentence
from portal.ui.dates import plural
from portal.ui.layout import layout
from portal.ui.notice import NoticeState
from portal.ui.pieces import field, skeleton, table

el = rx.el
PAGE = "/audiences/natures/"
MOST_SHOWN, MOST_BAD = 1_500, 50
WHY_WORDS = {
    "unreadable": "le code n’en est pas un : un chiffre, puis jusqu’à quatre chiffres ou lettres, comme 20J",
    "required": "le libellé manque",
    "too-long": f"le libellé dépasse {LABEL_LENGTH} signes",
    "twice": "ce code y est déjà, plus haut",
    "without-parent": "aucun code de la liste n’est au-dessus : ajoutez sa classe, son premier chiffre",
}
router = APIRouter(include_in_schema=False)
Importer = Annotated[Actor, requires(*IMPORTERS)]


@router.post("/audiences/natures/fichier")
async def send(request: Request, actor: Importer) -> RedirectResponse:
    """Keep a list for its sender, and show what it would change."""
    try:
        form = await Request(request.scope, bounded(request.receive)).form(max_files=1, max_fields=1)
        sent = form.get("fichier")
        if not isinstance(sent, UploadFile) or not sent.filename:
            return RedirectResponse(f"{PAGE}?refus=no-file", 303)
        data = await sent.read()
    except (HTTPException, MultiPartException) as error:
        is_large = isinstance(error, HTTPException) and error.status_code == 413
        return RedirectResponse(f"{PAGE}?refus={'too-large' if is_large else 'unreadable'}", 303)
    if len(data) > MOST_BYTES:
        return RedirectResponse(f"{PAGE}?refus=too-large", 303)
    file_id = await act(keep_file, actor, sent.filename, data, now=now())
    return RedirectResponse(f"{PAGE}?fichier={file_id}", 303)


@dataclass(frozen=True)
class Row:
    """A code of the tree; `depth` is how far under its class it is."""

    code: str
    label: str
    depth: int


class NaturesState(rx.State):
    """The tree, what is looked for in it, and the list that was sent."""

    is_loaded: bool = False
    may_import: bool = False
    rows: list[Row] = []  # noqa: RUF012 - Reflex copies the default for each client
    found: str = ""
    looked_for: str = ""
    problem: str = ""
    changes: list[str] = []  # noqa: RUF012 - what the list that was sent would change
    bad: list[str] = []  # noqa: RUF012
    _file_id: str = ""
    _before: Any = None

    @allow(*SETTERS)
    @rx.event
    async def load(self) -> None:
        """Show the tree, and what the list that the address names would change."""
        asked = self.router.url.query_parameters
        refused = asked.get("refus", "")
        self.problem = REFUSED_FILE.get(refused, "Ce fichier n’a pas pu être lu.") if refused else ""
        self.changes, self.bad, self._file_id = [], [], asked.get("fichier", "")
        actor = await current_actor(self)
        await self._show()
        if self._file_id and self.may_import:
            done = await self._import(actor, is_tried=True)
            if done is not None:
                self.changes = said(done)

    @allow(*SETTERS)
    @rx.event
    async def look_for(self, form: dict[str, Any]) -> None:
        """Keep the codes that begin so, or whose label says it."""
        self.looked_for = str(form.get("cherche", ""))[:80] if isinstance(form, dict) else ""
        await self._show()

    @allow(*IMPORTERS)
    @rx.event
    async def apply(self) -> None:
        """Have the list that was shown be the tree."""
        done = await self._import(await current_actor(self), is_tried=False)
        if done is None:
            return
        self._before, self._file_id, self.changes, self.bad = done.before, "", [], []
        told = " ".join(["La nomenclature est importée.", *said(done)])
        (await self.get_state(NoticeState)).show_success(told, undo_label="Annuler")
        await self._show()

    @allow(*IMPORTERS)
    @rx.event
    async def undo(self) -> None:
        """Take the import back."""
        before, self._before = self._before, None
        if before is None:
            return
        try:
            await act(restore_natures, await current_actor(self), before, now=now())
        except Refusal as refusal:
            (await self.get_state(NoticeState)).show_error(sentence(refusal))
            return
        (await self.get_state(NoticeState)).show_success("C’est annulé : la nomenclature est celle d’avant.")
        await self._show()

    async def _import(self, actor: Actor, *, is_tried: bool) -> Imported | None:
        try:
            file_id = UUID(self._file_id)
            done, bad = await act(_imported, actor, file_id, at=now(), is_tried=is_tried)
        except FileRefused as refusal:
            self.problem = refusal_sentence(refusal)
        except (ValueError, NotFound):
            self.problem = "Ce fichier n’est plus là : envoyez-le à nouveau."
        except InvalidRequest as refusal:
            self.problem = invalid_sentence(refusal)
        except Refusal as refusal:
            self.problem = sentence(refusal)
        else:
            self.bad = bad
            return done
        return None

    async def _show(self) -> None:
        known, self.may_import = await read(_tree, await current_actor(self))
        wanted = self.looked_for.strip().casefold()
        kept = [
            Row(code, label, _depth(known, code))
            for code, label in known.items()
            if not wanted or code.casefold().startswith(wanted) or wanted in label.casefold()
        ]
        self.rows = kept[:MOST_SHOWN]
        self.found = plural(len(kept), "code") if len(kept) <= MOST_SHOWN else f"Les {MOST_SHOWN} premiers codes"
        self.is_loaded = True


def said(done: Imported) -> list[str]:
    """Return what an import changes, one sentence each."""
    counted = (
        (done.added, "code de plus", "codes de plus"),
        (done.renamed, "libellé changé", "libellés changés"),
        (done.retired, "code qui n’est plus en vigueur", "codes qui ne sont plus en vigueur"),
    )
    found = [f"{plural(len(codes), one, many)} : {_some(codes)}." for codes, one, many in counted if codes]
    return found or ["Rien ne change."]


def _some(codes: tuple[str, ...]) -> str:
    return ", ".join(codes[:8]) + ("…" if len(codes) > 8 else "")


def _depth(known: dict[str, str], code: str) -> int:
    depth = 0
    while code := above(known, code):
        depth += 1
    return depth


def _tree(session: Session, actor: Actor) -> tuple[dict[str, str], bool]:
    return natures(session), is_national(session, actor)


def _imported(
    session: Session, actor: Actor, file_id: UUID, *, at: datetime, is_tried: bool
) -> tuple[Imported, list[str]]:
    found = read_natures(sent_file(session, actor, file_id).data)
    bad = [f"Ligne {one.number} : {WHY_WORDS[one.why]} (« {one.words} »)." for one in found.bad[:MOST_BAD]]
    if len(found.bad) > MOST_BAD:
        bad.append(f"Et {plural(len(found.bad) - MOST_BAD, 'autre ligne')}.")
    if is_tried:
        return tried(session, import_natures, actor, found.natures, now=at), bad
    return import_natures(session, actor, found.natures, now=at), bad


@page(
    "/audiences/natures",
    title="Nomenclature des affaires",
    roles=SETTERS,
    on_load=[NaturesState.load],
    part_of="/repartition",
    description="Les natures d’affaires civiles, sur lesquelles se fixent les quotas.",
)
def natures_page() -> rx.Component:
    """Return the page."""
    S = NaturesState  # noqa: N806 - as in the other pages
    lead = el.p(
        "Les natures d’affaires (NAC) sur lesquelles se fixent les quotas des audiences. Un quota sur un code compte "
        "tous ceux qui sont dessous : 20 compte 20I et 20J.",
        class_name="pj-lead",
    )
    body = el.div(rx.cond(S.may_import, _import_part()), _tree_part())
    return layout(
        court_links("/audiences/natures/"),
        lead,
        rx.cond(S.is_loaded, body, skeleton(6)),
        title="Nomenclature des affaires",
        on_undo=S.undo,
    )


def _import_part() -> rx.Component:
    S = NaturesState  # noqa: N806
    wrong = S.problem != ""
    chosen = el.div(
        el.label(
            "La liste complète", el.span(LIMITS, class_name="fr-hint-text"), html_for="fichier", class_name="fr-label"
        ),
        el.input(
            type="file", id="fichier", name="fichier", accept=".csv,.txt,.tsv,.xlsx", required=True,
            aria_describedby="fichier-message", class_name="fr-upload",
        ),
        el.div(rx.cond(wrong, el.p(S.problem, class_name="fr-error-text")), id="fichier-message", aria_live="polite"),
        class_name=rx.cond(wrong, "fr-upload-group fr-upload-group--error", "fr-upload-group"),
    )  # fmt: skip
    form = SendForm.create(
        chosen,
        el.button("Voir ce que cela change", type="submit", class_name="fr-btn fr-btn--secondary fr-mt-2w"),
        action="/audiences/natures/fichier",
        method="post",
        enc_type="multipart/form-data",
    )
    bad = el.div(
        el.p("Lignes laissées de côté", class_name="fr-text--bold fr-mt-2w fr-mb-1w"), el.ul(rx.foreach(S.bad, el.li))
    )
    shown = el.div(
        el.p("Ce que cette liste change", class_name="fr-alert__title"),
        el.ul(rx.foreach(S.changes, el.li)),
        rx.cond(S.bad.length() > 0, bad),
        el.button("Importer cette liste", type="button", on_click=S.apply, class_name="fr-btn fr-mt-2w"),
        class_name="fr-alert fr-alert--info fr-mb-2w fr-mt-2w",
    )
    return el.section(
        el.h2("Importer une liste", class_name="fr-h5"),
        el.p("Deux colonnes : « code » et « libellé ». Un code va sous le plus long qui commence comme lui."),
        form,
        rx.cond(S.changes.length() > 0, shown),
        class_name="fr-mb-5w",
    )


def _tree_part() -> rx.Component:
    S = NaturesState  # noqa: N806
    look = el.form(
        field("Chercher un code ou un mot", "cherche", type="search", auto_complete="off"),
        el.button("Chercher", type="submit", class_name="fr-btn fr-btn--secondary"),
        on_submit=S.look_for,
        class_name="pj-form pj-narrow",
    )
    rows = rx.foreach(
        S.rows,
        lambda one: el.tr(
            el.th(one.code, scope="row"),
            el.td(el.span(one.label, class_name="pj-nature pj-nature--" + one.depth.to_string())),
            key=one.code,
        ),
    )
    listed = table(S.found, ("Code", "Nature"), rows, dense=True)
    nothing = el.p("Aucun code ne commence ainsi, et aucun libellé ne le dit.")
    return el.section(
        el.h2("En vigueur", class_name="fr-h5"), look, rx.cond(S.rows.length() > 0, listed, nothing), aria_live="polite"
    )
