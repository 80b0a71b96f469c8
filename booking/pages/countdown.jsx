import { useEffect, useState } from "react";

// Counts down by itself between two answers of the server; the server alone decides what has ended.
export function Countdown({ seconds, onEnd }) {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const end = Date.now() + seconds * 1000;
    const remaining = () => Math.max(0, Math.ceil((end - Date.now()) / 1000));
    setLeft(remaining());
    const timer = setInterval(() => {
      setLeft(remaining());
      if (remaining() > 0) return;
      clearInterval(timer);
      onEnd?.();
    }, 500);
    return () => clearInterval(timer);
  }, [seconds]);
  const shown = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return (
    <span role="timer" className={left < 60 ? "pj-countdown pj-countdown--short" : "pj-countdown"}>
      {shown}
    </span>
  );
}
