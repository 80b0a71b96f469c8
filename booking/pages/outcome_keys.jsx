import { useEffect, useRef } from "react";

const ROW = "[data-outcome]";
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

function rowAt(row, step) {
  const rows = [...document.querySelectorAll(ROW)];
  return rows[rows.indexOf(row) + step];
}

function go(row) {
  if (!row) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

/**
 * In a row of the list: arrows go from one to the next, a letter notes an outcome and goes on to the next row. Z takes
 * back what was just noted, from the row to which that went on; of a row to which one went oneself, what is noted there.
 * A row says in `data-outcome` who it is and in `data-letters` what may be noted of it. The row is the same element once it is
 * drawn again: no letter is lost between two answers of the server.
 */
export function OutcomeKeys({ onAnswer }) {
  const noted = useRef(null); // the row just noted, and the one that has the focus since
  useEffect(() => {
    const onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
      const row = event.target.closest?.(ROW);
      if (!row) return;
      const step = STEPS[event.key];
      const letter = event.key.toLowerCase();
      if (step || event.key === "Home" || event.key === "End") noted.current = null;
      if (step) go(rowAt(row, step));
      else if (event.key === "Home") go(document.querySelector(ROW));
      else if (event.key === "End") go([...document.querySelectorAll(ROW)].at(-1));
      else if (letter === "z" && noted.current?.focused === row.dataset.outcome) {
        const last = noted.current.outcome;
        noted.current = null;
        onAnswer(last, letter);
        go([...document.querySelectorAll(ROW)].find((one) => one.dataset.outcome === last));
      } else if (letter.length === 1 && row.dataset.letters.includes(letter)) {
        onAnswer(row.dataset.outcome, letter);
        const next = letter === "z" ? row : rowAt(row, 1) ?? row;
        noted.current = letter === "z" ? null : { outcome: row.dataset.outcome, focused: next.dataset.outcome };
        go(next);
      } else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onAnswer]);
  return null;
}
