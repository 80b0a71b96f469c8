import React, { useEffect, useRef, useState } from "react";
import "./beds.css";

const NBSP = "\u00a0";
const DAY_MS = 86400000;
const EDGE_PX = 9; // near an end, the end is taken rather than the whole
const MOUSE_STEPS_PX = 4; // less is a click
const TIP_PX = 320;
const GONE = "Quelqu’un d’autre vient de rendre ce lit.";

const number = (iso) => Math.round(Date.parse(`${iso}T00:00:00Z`) / DAY_MS);
const iso = (day) => new Date(day * DAY_MS).toISOString().slice(0, 10);
const short = new Intl.DateTimeFormat("fr-FR", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const say = (day) => short.format(new Date(day * DAY_MS)).replace(/ 1 /, " 1er ").replaceAll(" ", NBSP);
const ended = (words) => (words.endsWith(".") ? words : `${words}.`);
const many = (count, one, several) => `${count}${NBSP}${Math.abs(count) < 2 ? one : several}`;

/** Read the beds from the table: what is on each, and what is closed. Days are numbers of days since 1970. */
function bedsIn(area, first) {
  return [...area.querySelectorAll("tr[data-unit]")].map((row) => {
    let at = first;
    const stays = [];
    const closed = [];
    for (const cell of row.querySelectorAll("td")) {
      const span = cell.colSpan;
      const bar = cell.querySelector(".pj-stay");
      if (cell.dataset.tone === "closed") closed.push({ from: at, until: at + span });
      else if (cell.dataset.tone !== "free") {
        const { booking, may, from, until } = bar.dataset;
        const who = bar.querySelector(".pj-stay__label").textContent;
        stays.push({ booking, may, from: number(from), until: number(until), at, end: at + span, who });
      }
      at += span;
    }
    return { unit: row.dataset.unit, section: row.dataset.section, name: row.dataset.name, row, stays, closed };
  });
}

const meets = (one, from, until) => one.from < until && one.until > from;

/** Say what dropping there would do: nothing, a change, an exchange, or why not. The server judges again. */
function judged(beds, drag, today) {
  const { stay, unit, from, until } = drag;
  const home = beds.find((one) => one.unit === drag.home);
  const there = beds.find((one) => one.unit === unit);
  if (!home || !there) return { verdict: "no", why: "Ce séjour vient de changer." };
  const begun = stay.from < today;
  const start = begun ? Math.max(from, today) : from;
  const sameDates = from === stay.from && until === stay.until;
  const added = until - from - (stay.until - stay.from);
  const nights = many(until - from, "nuit", "nuits") + (added ? ` (${added > 0 ? "+" : "−"}${Math.abs(added)})` : "");
  const what = `${there.name}, du ${say(from)} au ${say(until)}, ${nights}`;
  if (sameDates && unit === drag.home) return { verdict: "same", what };
  const others = there.stays.filter((one) => one.booking !== stay.booking && one.at < until && one.end > start);
  const no = (why) => ({ verdict: "no", what, why });
  if (!sameDates && from !== stay.from && from < today) return no("Cette arrivée serait dans le passé.");
  const isPlanned = stay.may === "place"; // of a proposal: anywhere, and nobody gives their bed up for it
  if (others.length === 1 && sameDates && others[0].may && unit !== drag.home && !isPlanned) {
    return { verdict: "swap", what: `Échanger les lits de ${stay.who} et de ${others[0].who}`, other: others[0].booking };
  }
  if (others.length) return no(ended(`Pris par ${others[0].who} du ${say(others[0].from)} au ${say(others[0].until)}`));
  if (there.section !== home.section && !isPlanned) return no("Autre section : déposez sur un séjour pour échanger, ou rendez ce lit et réservez là-bas.");
  const shut = there.closed.find((one) => meets(one, start, until) && !(one.from >= stay.from && one.until <= stay.until));
  if (shut) return no(ended(`Fermé à partir du ${say(Math.max(shut.from, start))}`));
  const moved = begun && unit !== drag.home ? `À partir du ${say(today)}${NBSP}: ` : "";
  return { verdict: "ok", what: moved + what };
}

/** The beds of an establishment, night by night: bars are dragged with a mouse, or moved with the keyboard. */
export function BedsBoard(props) {
  const { children, grid, patch, first, today, turn, busy, label, className, style, onDrop, onSwap, onChoose } = props;
  const area = useRef(null);
  const press = useRef(null); // where the button went down, before it is known to be a drag
  const moved = useRef(false); // the click that ends a drag opens nothing
  const back = useRef(""); // the bar to focus again
  const tip = useRef(null);
  const [drag, setDrag] = useState(null);
  const [said, setSaid] = useState("");
  const start = first ? number(first) : 0;
  const now = today ? number(today) : 0;

  // The server has answered: the bar is where it says, dropped or back.
  useEffect(() => {
    setDrag((before) => (before?.sent ? null : before));
    if (back.current) area.current?.querySelector(`[data-booking="${back.current}"]`)?.focus({ preventScroll: true });
    back.current = "";
  }, [turn]);

  const forget = () => setTimeout(() => setDrag((before) => (before?.back ? null : before)), 4000);
  // What is under way is judged again when somebody else changes a bed, and goes on.
  useEffect(() => {
    setDrag((before) => {
      if (!before || before.sent) return before;
      const beds = bedsIn(area.current, start);
      const there = beds.flatMap((one) => one.stays.map((stay) => ({ ...stay, unit: one.unit })));
      const again = there.find((one) => one.booking === before.stay.booking && one.unit === before.home) ?? there.find((one) => one.booking === before.stay.booking);
      if (!again) {
        press.current = null; // the hand moves on with nothing in it
        setSaid(GONE);
        forget();
        return { ...before, back: true, gone: true, verdict: "no", why: GONE };
      }
      // The bar stays under the hand; what it is, and what is around it, are as they are now.
      const { unit: home, ...stay } = again;
      const next = { ...before, beds, stay, home, unit: before.unit === before.home ? home : before.unit };
      return { ...next, why: undefined, ...judged(beds, next, now) };
    });
  }, [grid, patch, start, now]);

  const begin = (bar, kind) => {
    const beds = bedsIn(area.current, start);
    const home = beds.find((one) => one.row === bar.closest("tr"));
    const stay = home?.stays.find((one) => one.booking === bar.dataset.booking);
    if (!stay) return null;
    return { kind, beds, stay, home: home.unit, unit: home.unit, from: stay.from, until: stay.until, verdict: "same", what: "" };
  };
  /** Where a drag would lead, given how many nights its hold moved and over which bed it is. */
  const led = (before, nights, unit) => {
    const { stay, kind } = before;
    const begun = stay.from < now;
    const free = stay.may === "dates";
    const goes = free || stay.may === "place";
    let { from, until } = stay;
    if (kind === "start" && free && !begun) from = Math.max(Math.min(from + nights, until - 1), now);
    else if (kind === "end" && free) until = Math.max(until + nights, Math.max(from + 1, begun ? now : from + 1));
    else if (kind === "move" && goes && !begun) [from, until] = [from + nights, until + nights];
    const next = { ...before, from, until, unit: kind === "move" ? unit : before.home };
    const over = kind === "move" && stay.may !== "place" && next.unit !== before.home && dropOn(next);
    // Over somebody's bar, the beds are exchanged and the dates stay.
    const settled = over ? { ...next, from: stay.from, until: stay.until } : next;
    return { ...settled, ...judged(before.beds, settled, now) };
  };
  const dropOn = ({ beds, unit, stay, over }) => {
    if (over === undefined) return false;
    const there = beds.find((one) => one.unit === unit);
    return there?.stays.some((one) => one.booking !== stay.booking && one.may && one.at <= over && over < one.end && meets(one, stay.from, stay.until));
  };
  const nightAt = (x) => {
    const head = area.current.querySelector(".pj-grid__night").getBoundingClientRect();
    return start + Math.floor((x - head.left) / head.width);
  };
  const finish = (done) => {
    if (!done || done.sent) return;
    if (done.verdict === "ok") {
      setDrag({ ...done, sent: true });
      onDrop(done.stay.booking, Number(done.unit), iso(done.from), iso(done.until));
    } else {
      if (done.verdict === "swap") onSwap(done.stay.booking, done.other);
      if (done.verdict === "no") setSaid(`Refusé${NBSP}: ${done.why} Le séjour reste où il était.`);
      setDrag(done.verdict === "no" ? { ...done, back: true } : null);
      if (done.verdict === "no") forget();
    }
  };

  // ——— with the mouse ———
  const down = (event) => {
    moved.current = false;
    const bar = event.target.closest("[data-may]");
    if (event.button !== 0 || event.pointerType === "touch" || !bar?.dataset.booking || busy) return;
    const box = bar.getBoundingClientRect();
    const dates = bar.dataset.may === "dates";
    const isCut = (end) => bar.classList.contains(`pj-stay--${end}`);
    const wide = box.width > 3 * EDGE_PX;
    const atStart = dates && wide && !isCut("before") && event.clientX - box.left < EDGE_PX;
    const atEnd = dates && wide && !isCut("after") && box.right - event.clientX < EDGE_PX;
    press.current = { bar, kind: atStart ? "start" : atEnd ? "end" : "move", x: event.clientX, y: event.clientY, id: event.pointerId };
  };
  const go = (event) => {
    const held = press.current;
    if (!held) return;
    if (!held.drag) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) <= MOUSE_STEPS_PX) return;
      held.drag = begin(held.bar, held.kind);
      if (!held.drag) return void (press.current = null);
      held.from = nightAt(held.x);
      area.current.setPointerCapture(held.id);
      moved.current = true;
    }
    const row = document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.closest("tr[data-unit]"))?.closest("tr");
    const over = nightAt(event.clientX);
    tip.current?.style.setProperty("transform", tipAt(event.clientX, event.clientY));
    const cell = `${row?.dataset.unit} ${over}`; // nothing else changes within one night of one bed
    if (held.cell === cell) return;
    held.cell = cell;
    setDrag((before) => {
      const known = before && !before.back && before.stay.booking === held.drag.stay.booking ? before : held.drag;
      return { ...led({ ...known, over }, over - held.from, row?.dataset.unit ?? known.unit), x: event.clientX, y: event.clientY };
    });
  };
  const up = () => {
    const held = press.current;
    press.current = null;
    if (held?.drag) finish(drag);
  };
  const give = () => {
    press.current = null;
    setDrag(null);
  };

  // ——— with the keyboard ———
  const key = (event) => {
    if (drag && !drag.sent && event.key === "Escape") {
      event.preventDefault();
      setSaid("Le séjour reste où il était.");
      return give();
    }
    const bar = event.target.closest?.("[data-may]");
    if (!bar?.dataset.booking || event.altKey || event.metaKey || busy) return;
    if (!drag?.keys || drag.stay.booking !== bar.dataset.booking || drag.back) {
      if (event.key !== " " && !(event.key === "Enter" && bar.tagName !== "A")) return;
      event.preventDefault();
      const begun = begin(bar, "move");
      if (!begun) return;
      const ways = { place: "Flèches pour déplacer", dates: "Flèches pour déplacer, Majuscule et flèches pour le départ, Contrôle et flèches pour l’arrivée" };
      const how = ways[begun.stay.may] ?? "Flèches haut et bas pour changer de lit";
      setDrag({ ...begun, keys: true, nights: { move: 0, start: 0, end: 0 }, ...placed(bar) });
      return setSaid(`Séjour de ${begun.stay.who} choisi. ${how}, Entrée pour déposer, Échap pour renoncer.`);
    }
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const along = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Enter") {
      event.preventDefault();
      back.current = drag.stay.booking;
      return finish(drag);
    }
    if (!across && !along) return;
    event.preventDefault();
    setDrag((before) => {
      const next = stepped(before, across, along, event);
      setSaid(next.verdict === "no" ? `${next.what} : refusé. ${next.why}` : next.what);
      return next;
    });
  };
  const stepped = (before, across, along, { shiftKey, ctrlKey }) => {
    const at = before.beds.findIndex((one) => one.unit === before.unit) + (along ?? 0);
    const unit = before.beds[Math.min(Math.max(at, 0), before.beds.length - 1)].unit;
    const { stay } = before;
    const begun = stay.from < now;
    let { from, until } = before;
    if (across && stay.may === "place") {
      if (from + across >= now) [from, until] = [from + across, until + across];
    } else if (across && stay.may === "dates") {
      if (shiftKey) until = Math.max(until + across, from + 1, begun ? now : 0);
      else if (ctrlKey && !begun) from = Math.max(Math.min(from + across, until - 1), now);
      else if (!ctrlKey && !begun && from + across >= now) [from, until] = [from + across, until + across];
    }
    const next = { ...before, from, until, unit };
    next.beds.find((one) => one.unit === unit)?.row.scrollIntoView({ block: "nearest" });
    return { ...next, ...judged(before.beds, next, now), ...placed(next.beds.find((one) => one.unit === unit).row) };
  };
  const placed = (thing) => {
    const box = thing.getBoundingClientRect();
    return { x: Math.max(box.left, 160), y: box.bottom };
  };

  const shown = drag && (drag.verdict !== "same" || drag.keys) ? drag : null;
  const row = shown && bedOf(area.current, shown.unit);
  return (
    <div
      ref={area}
      className={className}
      style={style}
      onPointerDown={down}
      onPointerMove={go}
      onPointerUp={up}
      onPointerCancel={give}
      onKeyDown={key}
      onDragStart={(event) => event.preventDefault()}
      onClickCapture={(event) => {
        if (moved.current) {
          event.preventDefault();
          event.stopPropagation();
          moved.current = false;
          return;
        }
        const bar = event.target.closest("span[data-booking]"); // a bar that opens no file
        if (bar?.dataset.booking && !busy) onChoose(bar.dataset.booking);
      }}
      aria-label={label}
      role="group"
    >
      {children}
      {row && <Ghost area={area.current} row={row} drag={shown} first={start} today={now} />}
      {shown && <Tip drag={shown} place={tip} />}
      <p className="fr-sr-only" role="status" aria-live="polite">{said}</p>
    </div>
  );
}

const bedOf = (area, unit) => area?.querySelector(`tr[data-unit="${unit}"]`);

/** The bar where it would be. */
function Ghost({ area, row, drag, first, today }) {
  const nights = Number(getComputedStyle(area).getPropertyValue("--nights")) || 1;
  const begins = drag.stay.from < today && drag.unit !== drag.home ? Math.max(drag.from, today) : drag.from;
  const at = Math.min(Math.max(begins - first, 0), nights - 1);
  const end = Math.min(Math.max(drag.until - first, at + 1), nights);
  const top = row.getBoundingClientRect().top - area.getBoundingClientRect().top;
  return (
    <div
      className={`pj-ghost pj-ghost--${drag.verdict} ${drag.sent ? "pj-ghost--sent" : ""}`}
      style={{ transform: `translateY(${top}px)`, height: row.offsetHeight, left: `calc(var(--bed) + var(--column) * ${at})`, width: `calc(var(--column) * ${end - at})` }}
      aria-hidden="true"
    >
      {drag.stay.who}
    </div>
  );
}

/** Where the tip goes, beside the hand and within the screen. */
function tipAt(x, y) {
  const left = Math.max(Math.min(x + 14, window.innerWidth - TIP_PX - 8), 8);
  return `translate(${left}px, ${y + 130 > window.innerHeight ? y - 96 : y + 18}px)`;
}

/** What dropping would do, beside the hand. */
function Tip({ drag, place }) {
  const mark = { ok: "fr-icon-check-line", swap: "fr-icon-refresh-line", no: "fr-icon-close-line", same: "fr-icon-drag-move-2-line" }[drag.verdict];
  return (
    <div ref={place} className={`pj-tip pj-tip--${drag.verdict}`} style={{ transform: tipAt(drag.x, drag.y), maxWidth: TIP_PX }} aria-hidden="true">
      <strong className={`${mark} fr-icon--sm`}> {drag.what || `Séjour de ${drag.stay.who}`}</strong>
      {drag.why && <span>{drag.why}{drag.back && !drag.gone ? " Le séjour reste où il était." : ""}</span>}
      {drag.sent && <span>Enregistrement…</span>}
      {drag.keys && drag.verdict === "same" && <span>Flèches, puis Entrée ; Échap pour renoncer.</span>}
    </div>
  );
}
