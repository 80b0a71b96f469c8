import { useEffect, useRef } from "react";
import { useLocation } from "react-router";

// Starts DSFR after hydration, once. Mode "react": its scripts change no markup, React alone does.
export function DsfrStart({ src }) {
  const { pathname } = useLocation();
  const shown = useRef(pathname);

  useEffect(() => {
    if (window.dsfr?.start) return;
    window.dsfr = { verbose: false, production: true, mode: "react" };
    import(/* @vite-ignore */ src).then(() => window.dsfr.start());
  }, [src]);

  // A page changed without a load: do what the browser would have done, close the menu and begin at the top.
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    const menu = document.getElementById("modal-menu");
    if (menu?.classList.contains("fr-modal--opened")) window.dsfr?.(menu)?.modal?.conceal();
    document.getElementById("contenu")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);

  return null;
}
