import { useEffect } from "react";

function offset(zone, at) {
  const options = { timeZone: zone || undefined, timeZoneName: "longOffset" };
  return new Intl.DateTimeFormat("en", options).formatToParts(at).find(({ type }) => type === "timeZoneName").value;
}

/** Whose hour is shown, when the browser is elsewhere: offsets are compared, for two zones may tell the same time. */
export function ZoneNote({ zone, words, at }) {
  if (!zone || !at) return null;
  const when = new Date(at);
  if (offset(zone, when) === offset("", when)) return null;
  return (
    <p className="fr-icon-time-line pj-agenda__zone">
      {`Les heures sont celles du lieu\u00a0: ${words}. Votre appareil est à une autre heure.`}
    </p>
  );
}

/** Alt with a key clicks what declares it: nothing is lost for whoever writes, or uses the keys of a screen reader. */
export function ShortcutKeys() {
  useEffect(() => {
    const onKey = (event) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
      const name = event.code.startsWith("Key") ? event.code.slice(3) : event.key;
      const target = document.querySelector(`[aria-keyshortcuts="Alt+${CSS.escape(name)}"]`);
      if (!target) return;
      event.preventDefault();
      target.click();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return null;
}

/** Takes the focus to a field each time `turn` grows: a field made in a loop has no reference on the server's side. */
export function FocusOn({ field, turn }) {
  useEffect(() => {
    if (field) document.getElementById(field)?.focus();
  }, [field, turn]);
  return null;
}
