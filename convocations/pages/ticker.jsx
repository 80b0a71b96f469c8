import { useEffect, useRef } from "react";

// Asks again every few seconds, and never while nobody looks.
export function Ticker({ seconds, onTick }) {
  const tick = useRef(onTick);
  tick.current = onTick;
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") tick.current?.();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return null;
}
