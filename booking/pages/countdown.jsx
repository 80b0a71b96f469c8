import { useEffect, useState } from "react";

// Counts down by itself: the server says once how many seconds are left, no event travels each second.
export function Countdown({ seconds, since, onEnd }) {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const end = Date.now() + seconds * 1000;
    setLeft(seconds);
    const timer = setInterval(() => {
      const now = Math.max(0, Math.round((end - Date.now()) / 1000));
      setLeft(now);
      if (now === 0) {
        clearInterval(timer);
        onEnd?.();
      }
    }, 1000);
    return () => clearInterval(timer);
  }, [seconds, since]);
  const hours = Math.floor(left / 3600);
  const words = hours ? `${hours} h ${String(Math.floor(left / 60) % 60).padStart(2, "0")}` : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  // A screen reader is not told each second: only the last minute is announced, once.
  return (
    <>
      <span className="pj-countdown" aria-hidden="true">{words}</span>
      <span className="fr-sr-only" role="status">
        {left === 0 ? "Le délai est passé." : left <= 60 ? "Moins d’une minute." : ""}
      </span>
    </>
  );
}
