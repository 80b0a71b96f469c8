"""The statement (relevé) as PDF: who was told what, when it left, when it arrived, what they did, class by class.

To be imported by whoever prints: see `letter_paper`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from availability.openings import local_day
from booking.pages.booking_words import address_of
from booking.pages.person_words import SAID_WORDS
from booking.words import ACT_WORDS, act_sentence
from convocations.kinds import MessageState
from convocations.letters import day_of
from convocations.pages.convocation_words import MESSAGE_WORDS, SERVED_WORDS, STATE_WORDS, answer_of, failure_words
from convocations.paper import MARGIN_MM, WIDTH_MM, Paper
from convocations.paper_models import ServedHow
from convocations.proof import Answered, Device, Opening, SentProof
from convocations.statement import Acted, Statement, Told
from convocations.typeface import printable
from portal.ui.dates import NBSP, plural

MAINLAND = ZoneInfo("Europe/Paris")
DONE_WORDS = {
    "convocation-summoned": "a convoqué la personne",
    "convocation-offered": "a proposé à la personne de choisir son rendez-vous",
    "convocation-chosen": "a choisi son rendez-vous",
    "convocation-moved": "a déplacé le rendez-vous",
    "convocation-confirmed": "a confirmé qu’elle viendra",
    "convocation-earlier-asked": "a demandé à être prévenue d’une date plus tôt",
    "convocation-earlier-unasked": "a dit garder la date qu’elle a",
    "convocation-earlier-taken": "a pris une date plus tôt",
    "convocation-earlier-left": "a laissé une date plus tôt",
    "convocation-declined": "a dit ne pas pouvoir venir",
    "convocation-withdrawn": "a retiré la convocation",
    "convocation-restored": "a rétabli la convocation",
    "convocation-link-renewed": "a renouvelé le lien",
    "convocation-served": "a noté une convocation formelle",
    "convocation-not-served": "a annulé la mention d’une convocation formelle",
}
ANSWER_WORDS = {
    "yes": "OUI : elle viendra",
    "no": "NON : elle ne peut pas venir",
    "first": "1 : la première date proposée",
    "second": "2 : la seconde date proposée",
    "stop": "STOP : plus de SMS",
    "start": "START : des SMS à nouveau",
}
HOW_WORDS = {str(how): words for how, words in SAID_WORDS.items()} | {
    "desk": "au guichet",
    "provider": "par STOP à l’opérateur",
    "sms": "par SMS",
}
DEVICE_WORDS = {Device.PHONE: "un téléphone", Device.COMPUTER: "un ordinateur"}
TIME_MM = 50.0


def statement_pdf(made: Statement) -> bytes:
    """Return the statement as a file; the mark of its facts stands at its end and at the foot of each page."""
    title = "Relevé d’une convocation" if len(made.told) == 1 else "Relevé des convocations"
    paper = Paper(title=title, made_at=made.made_at, foot=lambda: f"Empreinte {made.mark[:16]}…")
    paper.add_page()
    zone = ZoneInfo(made.told[0].line.time_zone) if made.told else MAINLAND
    _head(paper, made, title, zone)
    for told in made.told:
        _convocation(paper, told, made.made_at)
    if not made.told:
        paper.lines("Aucune convocation.", 10, after=4)
    _mark(paper, made)
    return paper.written()


def _head(paper: Paper, made: Statement, title: str, zone: ZoneInfo) -> None:
    paper.lines(printable(made.service), 10, bold=True, after=3)
    paper.lines(title, 17, bold=True, after=2)
    born = f"né(e) le {day_of(made.birth_on).split(NBSP, 1)[1]}"
    paper.lines(f"{printable(made.name)}, {born}", 11, after=1)
    by = f" par {printable(made.made_by)}" if made.made_by else ""
    paper.lines(f"Établi le {_at(made.made_at, zone)}{by}.", 9, grey=True, after=1)
    paper.lines("Chaque heure est celle du lieu du rendez-vous.", 9, grey=True, after=3)
    _section(paper, "Ce que la personne a dit des SMS", _said(made, zone), none="Elle n’en a rien dit.")


def _said(made: Statement, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    for phone in made.phones:
        number = f"numéro finissant par {phone.end}" if phone.end else "numéro effacé"
        if phone.consent_at:
            yield (
                _at(phone.consent_at, zone),
                f"Accord ({HOW_WORDS.get(phone.consent_how, phone.consent_how)}), {number}.",
            )
        if phone.refused_at:
            yield (
                _at(phone.refused_at, zone),
                f"Refus ({HOW_WORDS.get(phone.refused_how, phone.refused_how)}), {number}.",
            )
    if made.refused_at:
        how = HOW_WORDS.get(made.refused_how, made.refused_how)
        yield _at(made.refused_at, zone), f"Ne veut plus de SMS d’information ({how})."


def _convocation(paper: Paper, told: Told, at: datetime) -> None:
    line = told.line
    zone = ZoneInfo(line.time_zone)
    paper.ln(2)
    start = f"Rendez-vous du {_at(line.starts_at, zone)}" if line.starts_at else "Rendez-vous à choisir"
    if line.choose_by and not line.starts_at:
        start += f" avant le {day_of(line.choose_by)} au soir"
    if paper.will_page_break(40):
        paper.add_page()
    paper.lines(start, 12, bold=True, after=1)
    where = ", ".join(filter(None, (line.site_name, address_of(line.address, line.postcode, line.commune))))
    paper.lines(printable(f"{line.kind_label[:1].upper()}{line.kind_label[1:]}. {where}"), 9, after=1)
    words, _ = answer_of(line, now=at)
    by = f" par {printable(told.convened_by)}" if told.convened_by else ""
    made = f"Convocation {str(line.id)[:8].upper()} du {_at(line.created_at, zone)}{by}."
    paper.lines(f"{made} Au jour du relevé{NBSP}: {words}.", 9, after=2)
    _section(paper, "1. Information (SMS que la personne peut refuser)", (_sent(one, zone) for one in told.proof.sent))
    _section(paper, "2. Avis avec consentement (CPC art. 748-8, CPP art. 803-1)", ())
    served = ((day_of(one.on_day), f"{SERVED_WORDS[one.how].capitalize()}.") for one in told.served)
    _section(paper, "3. Convocation formelle (hors du système : la date et le mode seuls)", served)
    read = sorted(
        [
            *((one.at, _opened(one)) for one in told.proof.openings),
            *((one.at, _answered(one)) for one in told.proof.answers),
            *((one.at, _acted(one)) for one in told.acts),
        ]
    )
    _section(paper, "Lien, réponses et actes", ((_at(at, zone), words) for at, words in read))


def _sent(one: SentProof, zone: ZoneInfo) -> tuple[str, str]:
    steps = [f"{MESSAGE_WORDS[one.kind]}{NBSP}: planifié le {_at(one.created_at, zone)}"]
    if one.sent_at:
        steps.append(f"parti le {_at(one.sent_at, zone)}")
    if one.delivered_at:
        steps.append(f"remis au téléphone le {_at(one.delivered_at, zone)}")
    if one.state is not MessageState.SENT or not one.sent_at:
        why = failure_words(one.failure)
        steps.append(f"{STATE_WORDS[one.state][0]}{f' ({why})' if why else ''}")
    if one.called_at:
        told = "la personne a été prévenue" if one.call_outcome == "told" else "sans réponse"
        steps.append(f"appel le {_at(one.called_at, zone)}, {told}")
    words = ", ".join(steps)
    if one.provider_id:
        words += f". Opérateur {one.provider}, identifiant {one.provider_id}"
    if one.segments:
        words += f", {plural(one.segments, 'segment')}"
    return _at(one.sent_at or one.created_at, zone), f"{words}."


def _opened(one: Opening) -> str:
    return f"Le lien a été ouvert avec {DEVICE_WORDS[one.device]} (première fois du jour)."


def _answered(one: Answered) -> str:
    return f"La personne a répondu par SMS{NBSP}: {ANSWER_WORDS.get(one.said, 'réponse non comprise')}."


def _acted(one: Acted) -> str:
    who = "La personne, par son lien," if one.is_person else one.by or "Le système"
    if one.act in DONE_WORDS:
        how = one.facts.get("how")
        kind = f" ({SERVED_WORDS[ServedHow(how)]})" if one.act.endswith("served") and how in set(ServedHow) else ""
        return f"{who} {DONE_WORDS[one.act]}{kind}."
    return act_sentence(one.act, one.facts, who) if one.act in ACT_WORDS else f"{who}{NBSP}: {one.act}."


def _section(paper: Paper, title: str, entries: Iterable[tuple[str, str]], *, none: str = "Aucun.") -> None:
    if paper.will_page_break(14):
        paper.add_page()
    paper.lines(title, 9.5, bold=True, after=0.8)
    listed = list(entries)
    for at, words in listed:
        if paper.will_page_break(10):
            paper.add_page()
        top = paper.get_y()
        paper.set_xy(MARGIN_MM, top)
        paper.lines(at, 8.5, grey=True, width=TIME_MM - 2)
        under = paper.get_y()
        paper.set_xy(MARGIN_MM + TIME_MM, top)
        paper.lines(printable(words), 8.5, width=WIDTH_MM - TIME_MM)
        paper.set_xy(MARGIN_MM, max(under, paper.get_y()) + 0.8)
    if not listed:
        paper.lines(none, 8.5, grey=True)
    paper.ln(2)


def _mark(paper: Paper, made: Statement) -> None:
    if paper.will_page_break(26):
        paper.add_page()
    top = paper.get_y() + 1
    paper.set_draw_color(160)
    paper.line(MARGIN_MM, top, MARGIN_MM + WIDTH_MM, top)
    paper.set_xy(MARGIN_MM, top + 2)
    paper.lines("Empreinte SHA-256 des faits imprimés", 9, bold=True, after=0.8)
    paper.lines(made.mark, 9, after=0.8)
    paper.lines(
        "Le service qui a établi ce relevé garde son empreinte : la page « Vérifier un relevé » de PlaceJuste dit s’il "
        "a été établi ici, quand, et par qui. L’établir est une consultation, inscrite au journal.".replace(
            " :", f"{NBSP}:"
        )
        .replace("« ", f"«{NBSP}")
        .replace(" »", f"{NBSP}»"),
        8.5,
        grey=True,
    )


def _at(at: datetime, zone: ZoneInfo) -> str:
    """Return "10 mars 2026, 9:30:05", as a proof is dated."""
    local = at.astimezone(zone)
    day = day_of(local_day(at, zone)).split(NBSP, 1)[1]
    return f"{day} à{NBSP}{local:%H:%M:%S}"
