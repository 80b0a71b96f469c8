import { useEffect } from "react";

/** Tells when the page goes behind another tab, and when it is in front again. Draws nothing. */
export function Sight({ onHide, onShow }) {
  useEffect(() => {
    const tell = () => (document.hidden ? onHide() : onShow());
    document.addEventListener("visibilitychange", tell);
    // Leaving a page hides it too, and the server may have heard so: one that is loaded says that it is seen.
    tell();
    return () => document.removeEventListener("visibilitychange", tell);
  }, [onHide, onShow]);

  return null;
}
