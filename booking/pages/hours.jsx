import React, { useEffect, useMemo, useRef, useState } from "react";
import "./hours.css";

const DAY = 1440;
const NBSP = "\u00a0";
const ROW_REM = 2.375; // an hour
const MOUSE_STEPS_PX = 4; // less is a click

const at = (minutes) => `${Math.floor(minutes / 60)}${NBSP}h${minutes % 60 ? `${NBSP}${String(minutes % 60).padStart(2, "0")}` : ""}`;
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** How far an opening of a day may reach around some minute without covering another one. */
function room(blocks, day, minute, except) {
  const others = blocks.filter((one) => one.day === day && one.id !== except);
  const least = Math.max(0, ...others.filter((one) => one.closes <= minute).map((one) => one.closes));
  const most = Math.min(DAY, ...others.filter((one) => one.opens > minute).map((one) => one.opens));
  return { least, most, isFree: !others.some((one) => one.opens <= minute && minute < one.closes) };
}

/** What is under way once the week was drawn again, maybe by somebody else: it stays, shorter if need be, while it holds. */
function kept(stroke, blocks, days) {
  if (!stroke || stroke.isSent || stroke.week !== days[0]?.key || days[stroke.day].locked) return null;
  const { from, day, opens, closes } = stroke;
  if (!from) {
    const { isFree, most } = room(blocks, day, opens);
    return isFree ? { ...stroke, closes: Math.min(closes, most) } : null;
  }
  // Numbers are given again with each draft: it is the same opening when it stands where it stood.
  const isThere = blocks.some((one) => one.id === from.id && one.day === from.day && one.opens === from.opens && one.closes === from.closes);
  const isCovered = blocks.some((one) => one.day === day && one.id !== from.id && one.opens < closes && opens < one.closes);
  return isThere && !isCovered ? stroke : null;
}

/** A week of opening hours, drawn with a mouse, a finger or the keyboard. Minutes are those of the wall. */
export function HoursGrid({ days, blocks, first, last, snap, revision, label, help, onDraw, onChange, onRemove, onPick, onUndo }) {
  const area = useRef(null);
  const focused = useRef(null); // the block to focus again once the server has sent it elsewhere
  const [stroke, setStroke] = useState(null); // what is under way, or sent and not answered yet: {kind, week, day, opens, closes…}
  const [cursor, setCursor] = useState(null); // the cell of the keyboard: {day, minute}
  const [said, setSaid] = useState("");
  const rows = useMemo(() => Array.from({ length: Math.ceil((last - first) / 60) }, (_, number) => first + number * 60), [first, last]);
  const span = last - first;
  const free = days.findIndex((one) => !one.locked);
  const cell = cursor ?? { day: Math.max(free, 0), minute: clamp(9 * 60, first, last - snap) };

  useEffect(() => {
    setStroke((underWay) => kept(underWay, blocks, days));
    if (!focused.current) return;
    const found = [...area.current.querySelectorAll("[data-block]")].find((one) => one.dataset.block === focused.current);
    focused.current = null;
    (found ?? area.current.querySelector(".pj-hours__cursor"))?.focus({ preventScroll: true });
  }, [blocks, revision]);

  if (!days.length) return null;

  const rounded = (minute) => clamp(Math.round(minute / snap) * snap, first, last);
  const pointed = (event) => {
    const box = area.current.getBoundingClientRect();
    return {
      day: clamp(Math.floor(((event.clientX - box.left) / box.width) * 7), 0, 6),
      minute: first + ((event.clientY - box.top) / box.height) * span,
    };
  };
  const nameOf = (day) => days[day].said;

  // ——— with the mouse, or a finger ———
  const press = (event, block, kind) => {
    if (event.button !== 0) return;
    const { day, minute } = pointed(event);
    if (block && (block.locked || block.goesOn)) return;
    if (!block && days[day].locked) return;
    if (!block && event.pointerType === "touch") return; // a finger scrolls; a tap draws: see `tap`
    const start = block ? block.opens : clamp(Math.floor(minute / snap) * snap, first, last - snap);
    area.current.setPointerCapture(event.pointerId);
    event.stopPropagation();
    setStroke({
      kind: block ? kind : "draw", week: days[0].key, id: block?.id, day: block?.day ?? day, opens: start, closes: block ? block.closes : start + snap,
      anchor: minute, x: event.clientX, y: event.clientY, hasMoved: false, from: block,
    });
  };
  const drag = (event) => {
    if (!stroke || stroke.isSent) return;
    const { day, minute } = pointed(event);
    const hasMoved = stroke.hasMoved || Math.hypot(event.clientX - stroke.x, event.clientY - stroke.y) > MOUSE_STEPS_PX;
    if (!hasMoved) return;
    if (stroke.kind === "draw") {
      const start = clamp(Math.floor(stroke.anchor / snap) * snap, first, last - snap);
      const { least, most } = room(blocks, stroke.day, start);
      const end = rounded(minute);
      const opens = end <= start ? Math.max(Math.min(end, start), least) : start;
      setStroke({ ...stroke, hasMoved, opens, closes: Math.min(end <= start ? start + snap : Math.max(end, start + snap), most) });
      return;
    }
    const { from } = stroke;
    if (stroke.kind === "move") {
      const length = from.closes - from.opens;
      const target = days[day].locked ? stroke.day : day;
      const opens = clamp(rounded(from.opens + minute - stroke.anchor), 0, latest(from, length));
      setStroke({ ...stroke, hasMoved, ...fitted(target, opens, length, from.id, stroke) });
    } else if (stroke.kind === "end") {
      const { most } = room(blocks, from.day, from.opens, from.id);
      setStroke({ ...stroke, hasMoved, closes: clamp(rounded(minute), from.opens + snap, most) });
    } else {
      const { least } = room(blocks, from.day, from.closes - 1, from.id);
      setStroke({ ...stroke, hasMoved, opens: clamp(rounded(minute), least, from.closes - snap) });
    }
  };
  // What ends on its day keeps doing so; a night goes on after midnight.
  const latest = (block, length) => (block.closes > DAY ? DAY - snap : DAY - length);
  // What would cover another opening stays where it last fitted.
  const fitted = (day, opens, length, id, before) => {
    const covers = blocks.some((one) => one.day === day && one.id !== id && one.opens < opens + length && opens < one.closes);
    return covers ? { day: before.day, opens: before.opens, closes: before.closes } : { day, opens, closes: opens + length };
  };
  const release = () => {
    if (!stroke || stroke.isSent) return;
    const { kind, id, day, opens, closes, hasMoved, from } = stroke;
    const isSame = from && from.day === day && from.opens === opens && from.closes === closes;
    if (kind === "draw") {
      const { isFree, most } = room(blocks, day, opens);
      // A click draws an hour, so that nobody has to hold the button.
      const end = hasMoved ? closes : Math.min(opens + Math.max(60, snap), most);
      setStroke(isFree && end > opens ? { ...stroke, closes: end, isSent: true } : null);
      if (isFree && end > opens) onDraw(day, opens, end);
    } else if (!hasMoved || isSame) {
      setStroke(null);
      onPick(id);
    } else {
      setStroke({ ...stroke, isSent: true });
      onChange(id, day, opens, closes);
    }
  };
  const tap = (event) => {
    if (event.nativeEvent.pointerType !== "touch" || event.target.closest("[data-block]")) return;
    const { day, minute } = pointed(event);
    const opens = Math.floor(minute / snap) * snap;
    const { isFree, most } = room(blocks, day, opens);
    if (!days[day].locked && isFree) onDraw(day, opens, Math.min(opens + 60, most));
  };

  // ——— with the keyboard ———
  const isDrawing = stroke?.kind === "keys" && !stroke.isSent;
  const under = blocks.find((one) => one.day === cell.day && one.opens <= cell.minute && cell.minute < one.closes);
  const tell = ({ day, minute }) => {
    const on = blocks.find((one) => one.day === day && one.opens <= minute && minute < one.closes);
    setSaid(`${nameOf(day)}, ${at(minute)}, ${on ? `ouvert ${on.title}` : days[day].note || (days[day].locked ? "avant le changement" : "fermé")}`);
  };
  const go = (day, minute) => {
    const there = { day: clamp(day, 0, 6), minute: clamp(minute, first, last - snap) };
    setCursor(there);
    if (!isDrawing) return tell(there);
    const { most } = room(blocks, stroke.day, stroke.opens);
    const closes = clamp(there.minute + snap, stroke.opens + snap, most);
    setCursor({ day: stroke.day, minute: Math.max(closes - snap, stroke.opens) });
    setStroke({ ...stroke, closes });
    setSaid(`jusqu’à ${at(closes)}`);
  };
  const enter = () => {
    if (isDrawing) {
      setStroke({ ...stroke, isSent: true });
      onDraw(stroke.day, stroke.opens, stroke.closes);
      setSaid(`Ouverture de ${at(stroke.opens)} à ${at(stroke.closes)}.`);
      return;
    }
    if (under) return onPick(under.id);
    if (days[cell.day].locked) return setSaid("Ce jour est avant le changement.");
    const { most } = room(blocks, cell.day, cell.minute);
    setStroke({ kind: "keys", week: days[0].key, day: cell.day, opens: cell.minute, closes: Math.min(cell.minute + snap, most) });
    setSaid(`Ouverture à partir de ${at(cell.minute)}. Flèche bas pour l’allonger, Entrée pour la finir, Échap pour renoncer.`);
  };
  const moves = { ArrowUp: [0, -snap], ArrowDown: [0, snap], PageUp: [0, -60], PageDown: [0, 60], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const key = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      return onUndo();
    }
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const block = blocks.find((one) => one.key === event.target.dataset?.key);
    const handled = block ? keyOnBlock(event, block) : keyOnCell(event);
    if (handled) event.preventDefault();
  };
  const keyOnCell = ({ key: name }) => {
    if (moves[name]) go(cell.day + moves[name][0], cell.minute + moves[name][1]);
    else if (name === "Home") go(cell.day, first);
    else if (name === "End") go(cell.day, last - snap);
    else if (name === "Enter" || name === " ") enter();
    else if (name === "Escape" && isDrawing) setStroke(null);
    else if ((name === "Delete" || name === "Backspace") && under && !under.locked) onRemove(under.id);
    else return false;
    return true;
  };
  const keyOnBlock = ({ key: name, shiftKey }, block) => {
    if (name === "Enter" || name === " ") onPick(block.id);
    else if (block.locked || block.goesOn) return false;
    else if (name === "Delete" || name === "Backspace") {
      focused.current = "none";
      onRemove(block.id);
    } else if (moves[name]) {
      const [across, down] = moves[name];
      const length = block.closes - block.opens + (shiftKey ? down : 0);
      const opens = block.opens + (shiftKey ? 0 : down);
      const day = block.day + (shiftKey ? 0 : across);
      if (length < snap || opens < 0 || opens > latest(block, length) || !days[day] || days[day].locked) return true;
      const { closes } = fitted(day, opens, length, block.id, block);
      if (closes !== opens + length) return true;
      const number = block.id.split(":")[0];
      focused.current = `${number}:${days[day].key}`;
      onChange(block.id, day, opens, opens + length);
      setSaid(`${nameOf(day)}, de ${at(opens)} à ${at(opens + length)}`);
    } else return false;
    return true;
  };

  const top = (minute) => `${((clamp(minute, first, last) - first) / span) * 100}%`;
  const place = ({ opens, closes }) => ({ top: top(opens), height: `calc(${top(closes)} - ${top(opens)})` });
  const shown = blocks.filter((one) => one.closes > first && one.opens < last);
  const ghost = stroke && (stroke.hasMoved || stroke.kind === "keys") ? stroke : null;
  return (
    <div className="pj-week" role="application" aria-roledescription="grille d’horaires" aria-label={label} onKeyDown={key}>
      <div className="pj-week__head" aria-hidden="true">
        <span />
        {days.map((one) => (
          <span key={one.key} className={`pj-week__name ${one.today ? "pj-week__name--today" : ""}`}>
            {one.name.replace(NBSP, " ")}
            {one.note && <small title={one.note}>{one.note}</small>}
          </span>
        ))}
      </div>
      <div className="pj-week__body" style={{ height: `${rows.length * ROW_REM}rem` }}>
        <div className="pj-week__hours" aria-hidden="true">
          {rows.map((minute) => <span key={minute} style={{ top: top(minute) }}>{at(minute)}</span>)}
        </div>
        <div
          ref={area}
          className={`pj-week__area ${stroke ? "pj-week__area--busy" : ""}`}
          style={{ "--pj-hours": rows.length }}
          onPointerDown={(event) => press(event)}
          onPointerMove={drag}
          onPointerUp={release}
          onPointerCancel={() => setStroke(null)}
          onClick={tap}
        >
          {days.map((one, number) => (
            <div
              key={one.key}
              className={`pj-week__day ${one.note ? "pj-week__day--closed" : ""} ${one.locked ? "pj-week__day--locked" : ""}`}
              style={{ left: `${(number / 7) * 100}%` }}
            />
          ))}
          <button
            type="button"
            className="pj-hours__cursor"
            aria-label={`${nameOf(cell.day)}, ${at(cell.minute)}${under ? `, ouvert ${under.title}` : ""}`}
            aria-describedby="aide-grille"
            style={{ left: `${(cell.day / 7) * 100}%`, ...place({ opens: cell.minute, closes: cell.minute + snap }) }}
            onFocus={() => setCursor(cell)}
          />
          {shown.map((one) => (
            <button
              key={one.key}
              type="button"
              data-block={one.id}
              data-key={one.key}
              aria-label={one.said}
              aria-pressed={one.picked}
              title={one.said}
              className={`pj-block pj-block--${one.tone} ${one.locked ? "pj-block--locked" : ""} ${ghost?.id === one.id ? "pj-block--leaving" : ""}`}
              style={{ left: `${(one.day / 7) * 100}%`, ...place(one) }}
              onPointerDown={(event) => press(event, one, "move")}
              onClick={(event) => {
                event.stopPropagation();
                // A screen reader clicks without pressing.
                if (event.detail === 0 || one.locked || one.goesOn) onPick(one.id);
              }}
            >
              <span className="pj-block__title">{one.goesOn ? `suite : ${one.title}` : one.title}</span>
              {one.mark && <span className="pj-block__mark">{one.mark}</span>}
              {!one.locked && !one.goesOn && (
                <>
                  <span className="pj-block__edge pj-block__edge--start" onPointerDown={(event) => press(event, one, "start")} />
                  <span className="pj-block__edge pj-block__edge--end" onPointerDown={(event) => press(event, one, "end")} />
                </>
              )}
            </button>
          ))}
          {ghost && (
            <div className="pj-block pj-block--ghost" style={{ left: `${(ghost.day / 7) * 100}%`, ...place(ghost) }}>
              <span className="pj-block__title">{`${at(ghost.opens)} – ${at(ghost.closes)}`}</span>
            </div>
          )}
        </div>
      </div>
      <p id="aide-grille" className="fr-text--xs pj-grey fr-mb-0 fr-mt-1v">{help}</p>
      <p className="fr-sr-only" role="status" aria-live="polite">{said}</p>
    </div>
  );
}
