import { useEffect } from "react";

// DSFR starts after hydration, once, so that it never fights React over the DOM.
export function DsfrStart({ src }) {
  useEffect(() => {
    if (window.dsfr?.start) return;
    window.dsfr = { verbose: false, mode: "manual" };
    import(/* @vite-ignore */ src).then(() => window.dsfr.start());
  }, [src]);
  return null;
}
