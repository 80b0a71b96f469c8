import React, { memo, useDeferredValue, useEffect, useRef } from "react";
import { Link } from "react-router";

// The fields of a bar, as `beds_sent.py` sends them: the order of the dataclass, the last empty ones left out.
const FIELDS = ["span", "tone", "label", "spoken", "href", "edges", "booking", "may", "from", "until", "kind"];
const MISSED_MS = 300;
const barOf = (sent) => Object.fromEntries(FIELDS.map((name, at) => [name, sent[at] ?? ""]));

/** Return the sections as they are now: all that was sent once, with each change since. Asks again for what it missed. */
export function useBeds(grid, patch, onMissed) {
  const kept = useRef({ grid: null, turn: 0, sections: [] });
  const now = kept.current;
  if (now.grid !== grid) kept.current = { grid, turn: grid.turn, sections: grid.sections };
  const { turn, sections } = kept.current;
  const isMissed = patch.turn > turn && patch.since > turn;
  if (patch.turn > turn && !isMissed) {
    const changed = new Map(patch.beds.map((bed) => [bed[0], bed]));
    const beds = (section) => section.beds.map((bed) => changed.get(bed[0]) ?? bed);
    const touched = (section) => section.beds.some((bed) => changed.has(bed[0]));
    kept.current = {
      grid,
      turn: patch.turn,
      sections: sections.map((section) => (touched(section) ? { ...section, beds: beds(section) } : section)),
    };
  }
  useEffect(() => {
    if (!isMissed) return;
    const timer = setTimeout(onMissed, MISSED_MS); // unless all of it comes by itself: the page is being opened again
    return () => clearTimeout(timer);
  }, [isMissed, onMissed]);
  return kept.current.sections;
}

/** The beds by section, as the body of a table; a row is drawn again when it changed. */
export function BedRows({ grid, patch, nights, onMissed }) {
  const sections = useBeds(grid, patch, onMissed);
  return sections.map((section) => (
    <tbody key={section.id}>
      <tr>
        <th scope="rowgroup" colSpan={nights + 1} className="pj-grid__section">
          <span className="pj-grid__section-name">
            {section.name} <span className="pj-grey">{section.note}</span>
          </span>
        </th>
      </tr>
      {section.beds.map((bed) => (
        <Bed key={bed[0]} bed={bed} section={section.id} />
      ))}
    </tbody>
  ));
}

const Bed = memo(function Bed({ bed: [unit, name, bars], section }) {
  return (
    <tr data-unit={unit} data-section={section} data-name={name}>
      <th scope="row" className="pj-grid__bed">
        {name}
      </th>
      {bars.map(barOf).map((bar, at) => (
        <td key={at} colSpan={bar.span} style={{ "--span": bar.span }} data-tone={bar.tone}>
          <Stay bar={bar} />
        </td>
      ))}
    </tr>
  );
});

function Stay({ bar }) {
  const held = bar.kind && {
    "data-booking": bar.booking,
    "data-may": bar.may,
    "data-from": bar.from,
    "data-until": bar.until,
  };
  const props = { title: bar.spoken, className: `pj-stay pj-stay--${bar.tone}${bar.edges}`, ...held };
  const inside = (
    <>
      <span aria-hidden="true" className="pj-stay__label">
        {bar.label}
      </span>
      <span className="fr-sr-only">{bar.spoken}</span>
    </>
  );
  if (bar.kind === "link") {
    return (
      <Link to={bar.href} {...props}>
        {inside}
      </Link>
    );
  }
  // Whoever runs the place opens no file, but moves it: what is chosen with the keyboard is a button.
  const asButton = bar.kind === "button" ? { role: "button", tabIndex: 0 } : {};
  return (
    <span {...props} {...asButton}>
      {inside}
    </span>
  );
}

const known = new WeakMap(); // what was read of a bed: those that did not change are not read again

/** The stays of a bed that may be changed: which, until which night of the window, and how it is called. */
function staysOf(bed) {
  if (known.has(bed)) return known.get(bed);
  const [, name, bars] = bed;
  const stays = [];
  let at = 0;
  for (const bar of bars.map(barOf)) {
    at += bar.span;
    if (bar.may) stays.push({ booking: bar.booking, at, label: `${name}, ${bar.spoken}` });
  }
  known.set(bed, stays);
  return stays;
}

/** The stays that may be changed, to choose from: each where it sleeps last. Drawn when nothing else waits. */
export function StayOptions({ grid, patch, onMissed }) {
  const sections = useDeferredValue(useBeds(grid, patch, onMissed));
  return <Options sections={sections} />;
}

const Options = memo(function Options({ sections }) {
  const stays = new Map();
  for (const section of sections) {
    for (const stay of section.beds.flatMap(staysOf)) {
      if ((stays.get(stay.booking)?.at ?? 0) < stay.at) stays.set(stay.booking, stay);
    }
  }
  return [...stays.values()].map(({ booking, label }) => <Stays key={booking} booking={booking} label={label} />);
});

const Stays = memo(function Stays({ booking, label }) {
  return <option value={booking}>{label}</option>;
});
