import React, { useRef, useState } from "react";

const STEP = 15; // minutes
const STICKS = 20; // nearer than this to its own hour, a session keeps it
const MOUSE_STEPS_PX = 4; // less is a click
const NBSP = "\u00a0";

const short = new Intl.DateTimeFormat("fr-FR", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const sayDay = (day) => short.format(new Date(`${day}T00:00:00Z`)).replace(/ 1 /, " 1er ").replaceAll(" ", NBSP);
const sayHour = (minutes) => `${Math.floor(minutes / 60)}${NBSP}h${minutes % 60 ? `${NBSP}${String(minutes % 60).padStart(2, "0")}` : ""}`;

/** The hour at which something is, dropped there: its own one when it is near, and where hours are not drawn. */
function minutesAt(cell, top, own, first, hours) {
  if (cell.closest("tr").dataset.empty === "true") return own;
  const box = cell.getBoundingClientRect();
  const at = first * 60 + ((top - box.top) / box.height) * hours * 60;
  if (Math.abs(at - own) < STICKS) return own;
  return Math.min(Math.max(Math.round(at / STEP) * STEP, first * 60), (first + hours) * 60 - STEP);
}

export function CourtBoard({ children, first, hours, label, onDropped, onChoose }) {
  const area = useRef(null);
  const press = useRef(null); // where the button went down, before it is known to be a drag
  const moved = useRef(false); // the click that ends a drag opens nothing
  const [drag, setDrag] = useState(null);
  const [said, setSaid] = useState("");

  const begin = (block) => {
    const cell = block.closest("[data-day]");
    const { session, minutes, length } = block.dataset;
    const own = { lane: cell.dataset.lane, day: cell.dataset.day, minutes: Number(minutes) };
    return { session, own, ...own, length: Number(length), who: block.dataset.title, cell };
  };
  const words = ({ day, minutes, cell }) => `${sayDay(day)} à${NBSP}${sayHour(minutes)}, ${cell.closest("tr").dataset.label}`;
  const isSame = ({ own, lane, day, minutes }) => own.lane === lane && own.day === day && own.minutes === minutes;
  const finish = (done) => {
    setDrag(null);
    if (done && !isSame(done)) onDropped(done.session, done.lane, done.day, done.minutes);
  };

  // ——— with the mouse ———
  const down = (event) => {
    moved.current = false;
    const block = event.target.closest("[data-session]");
    if (event.button !== 0 || event.pointerType === "touch" || !block) return;
    press.current = { block, x: event.clientX, y: event.clientY, id: event.pointerId, grip: event.clientY - block.getBoundingClientRect().top };
  };
  const go = (event) => {
    const held = press.current;
    if (!held) return;
    if (!held.drag) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) <= MOUSE_STEPS_PX) return;
      held.drag = begin(held.block);
      area.current.setPointerCapture(held.id);
      moved.current = true;
    }
    const under = document.elementsFromPoint(event.clientX, event.clientY).map((one) => one.closest?.("[data-day]"));
    const cell = under.find((one) => one && area.current.contains(one)) ?? held.drag.cell;
    const minutes = minutesAt(cell, event.clientY - held.grip, held.drag.own.minutes, first, hours);
    held.drag = { ...held.drag, cell, lane: cell.dataset.lane, day: cell.dataset.day, minutes };
    setDrag({ ...held.drag, x: event.clientX, y: event.clientY });
  };
  const up = () => {
    const held = press.current;
    press.current = null;
    if (held?.drag) finish(held.drag);
  };
  const give = () => {
    press.current = null;
    setDrag(null);
  };

  // ——— with the keyboard ———
  const key = (event) => {
    const block = event.target.closest?.("[data-session]");
    if (drag && event.key === "Escape") {
      event.preventDefault();
      setSaid("L’audience reste où elle était.");
      return give();
    }
    if (!block || event.altKey || event.metaKey || event.ctrlKey) return;
    if (!drag?.keys || drag.session !== block.dataset.session) {
      if (event.key !== " ") return;
      event.preventDefault();
      const begun = { ...begin(block), keys: true };
      setDrag(placed(begun));
      return setSaid(`${begun.who} choisie. Flèches pour le jour et l’heure, Page haut et Page bas pour la ligne, Entrée pour voir ce que cela entraîne, Échap pour renoncer.`);
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      moved.current = true; // the click that follows opens nothing
      setTimeout(() => (moved.current = false), 0);
      return finish(drag);
    }
    const next = stepped(drag, event.key);
    if (!next) return;
    event.preventDefault();
    setDrag(placed(next));
    setSaid(words(next));
  };
  const stepped = (before, pressed) => {
    const across = { ArrowLeft: -1, ArrowRight: 1 }[pressed] ?? 0;
    const along = { ArrowUp: -STEP, ArrowDown: STEP }[pressed] ?? 0;
    const down = { PageUp: -1, PageDown: 1 }[pressed] ?? 0;
    if (!across && !along && !down) return null;
    const rows = [...area.current.querySelectorAll("tr[data-label]")];
    const row = rows[Math.min(Math.max(rows.indexOf(before.cell.closest("tr")) + down, 0), rows.length - 1)];
    const cells = [...row.querySelectorAll("[data-day]")];
    const at = cells.findIndex((one) => one.dataset.day === before.day) + across;
    const cell = cells[Math.min(Math.max(at, 0), cells.length - 1)];
    const minutes = Math.min(Math.max(before.minutes + along, 0), 24 * 60 - STEP);
    return { ...before, cell, lane: cell.dataset.lane, day: cell.dataset.day, minutes };
  };
  const placed = (next) => {
    next.cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = next.cell.getBoundingClientRect();
    return { ...next, x: Math.max(box.left, 12), y: box.top + 24 };
  };

  return (
    <div
      ref={area}
      className="pj-cweek__board"
      role="group"
      aria-label={label}
      onPointerDown={down}
      onPointerMove={go}
      onPointerUp={up}
      onPointerCancel={give}
      onKeyDown={key}
      onDragStart={(event) => event.preventDefault()}
      onClickCapture={(event) => {
        const block = event.target.closest("[data-session]");
        if (moved.current || drag) {
          event.preventDefault();
          event.stopPropagation();
          moved.current = false;
          return;
        }
        if (block) onChoose(block.dataset.session);
      }}
    >
      {children}
      {drag && <Ghost area={area.current} drag={drag} first={first} hours={hours} />}
      {drag && (
        <p className="pj-cweek__tip" style={{ transform: `translate(${Math.min(drag.x + 14, window.innerWidth - 300)}px, ${Math.min(drag.y + 18, window.innerHeight - 70)}px)` }} aria-hidden="true">
          <strong>{drag.who}</strong> {words(drag)}
        </p>
      )}
      <p className="fr-sr-only" role="status" aria-live="polite">{said}</p>
    </div>
  );
}

/** The session where it would be. */
function Ghost({ area, drag, first, hours }) {
  const box = drag.cell.getBoundingClientRect();
  const from = area.getBoundingClientRect();
  const isEmpty = drag.cell.closest("tr").dataset.empty === "true";
  const part = isEmpty ? 0 : (drag.minutes - first * 60) / (hours * 60);
  const height = isEmpty ? box.height : Math.min((drag.length / (hours * 60)) * box.height, box.height * (1 - part));
  const left = box.left - from.left + area.scrollLeft;
  return <div className="pj-cweek__ghost" style={{ left, top: box.top - from.top + part * box.height, width: box.width, height }} aria-hidden="true" />;
}
