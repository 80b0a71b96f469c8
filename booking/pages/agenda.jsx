import React, { useMemo } from "react";
import FullCalendar from "@fullcalendar/react";
import classic from "@fullcalendar/react/themes/classic";
import timeGrid from "@fullcalendar/react/timegrid";
import interaction from "@fullcalendar/react/interaction";
import fr from "@fullcalendar/react/locales/fr";
import "@fullcalendar/react/skeleton.css";
import "@fullcalendar/react/themes/classic/theme.css";
import "@fullcalendar/react/themes/classic/palette.css";
import "./agenda.css";

const MINUTE_MS = 60_000;
const SNAP = { minutes: 5 };
const PLUGINS = [classic, timeGrid, interaction];

/** The start of the grid of slots nearest to where something was dropped, or that very moment when none is near. */
function drawnTo(starts, dropped, step) {
  const at = Date.parse(dropped);
  const gap = (start) => Math.abs(Date.parse(start) - at);
  const nearest = starts.reduce((best, start) => (best === null || gap(start) < gap(best) ? start : best), null);
  return nearest !== null && gap(nearest) <= (step * MINUTE_MS) / 2 ? nearest : dropped;
}

function Content({ event }) {
  const { kind, at, word, icon } = event.extendedProps;
  if (kind === "opening") return null;
  if (kind === "free" || kind === "shown" || kind === "closed") return <span className="pj-event__title">{event.title}</span>;
  return (
    <>
      <span className="pj-event__title"><span className={`pj-event__icon ${icon}`} aria-hidden="true" />{event.title}</span>
      <span className="pj-event__word">{`${at} · ${word}`}</span>
    </>
  );
}

const classOf = ({ event }) => {
  const { kind, tone } = event.extendedProps;
  return `pj-event pj-event--${kind} ${tone ? `pj-event--${tone}` : ""}`;
};

// "08 h" in the words of the library: people say "8 h".
const hourOf = ({ text }) => text.replace(/^0/, "");

// "mar. 1 déc." in the words of the library: people say "mar. 1er déc.".
const dayOf = ({ text }) => text.replace(/(^|\s)1(?=\s)/, (_, before) => `${before}1er`);

export function AgendaGrid({ monday, zone, now, hidden, first, last, step, events, starts, revision, label, onFree, onTaken, onMove }) {
  // The calendar keeps what the user did to its events: new objects put them back where they are.
  const drawn = useMemo(() => events.map((event) => ({ ...event })), [events, revision]);
  if (!monday) return null;
  const pick = ({ event }) => {
    const { kind } = event.extendedProps;
    if (kind === "free") onFree?.(event.id);
    if (kind === "taken") onTaken?.(event.id);
  };
  const drop = ({ event }) => onMove?.(event.id, drawnTo(starts, event.startStr, step));
  return (
    <div className="pj-agenda__grid" role="group" aria-label={label}>
      <FullCalendar
        key={`${monday} ${zone} ${first} ${last} ${hidden.join()}`}
        plugins={PLUGINS}
        locale={fr}
        timeZone={zone}
        initialView="timeGridWeek"
        initialDate={monday}
        firstDay={1}
        hiddenDays={hidden}
        now={now}
        nowIndicator
        headerToolbar={false}
        height="auto"
        slotMinTime={first}
        slotMaxTime={last}
        slotDuration={{ minutes: step }}
        snapDuration={SNAP}
        slotHeaderInterval={{ hours: 1 }}
        slotHeaderContent={hourOf}
        dayHeaderContent={dayOf}
        dayHeaderFormat={{ weekday: "short", day: "numeric", month: "short" }}
        allDaySlot={drawn.some((event) => event.allDay)}
        allDayText=""
        events={drawn}
        eventInteractive={false}
        eventDurationEditable={false}
        eventAllow={(span) => !span.allDay}
        slotEventOverlap={false}
        eventMinHeight={20}
        slotMinHeight={28}
        displayEventTime={false}
        eventClass={classOf}
        eventContent={Content}
        backgroundEventClass={classOf}
        eventClick={pick}
        eventDrop={drop}
      />
    </div>
  );
}
