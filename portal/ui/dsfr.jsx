import { useEffect, useLayoutEffect, useRef } from "react";
import { useLocation, useNavigationType } from "react-router";

const SLID_PX = 8; // farther, a press was given up: one slides off a button so as not to press it

const REST_MS = 200;
const AWAKE_MS = 1000;
const WAKING = ["pointerdown", "pointermove", "keydown", "focusin", "scroll", "resize"];

// DSFR looks at its elements in every frame for as long as a page is open: a fifteenth of a processor, and a battery.
// It does so five times a second while nobody does anything, and in every frame for a second after each gesture.
function rest() {
  const nextFrame = window.requestAnimationFrame.bind(window);
  let wokenAt = performance.now();
  const wake = () => (wokenAt = performance.now());
  for (const gesture of WAKING) window.addEventListener(gesture, wake, { capture: true, passive: true });
  window.requestAnimationFrame = (callback) =>
    callback.name !== "bound render" || performance.now() - wokenAt < AWAKE_MS
      ? nextFrame(callback)
      : setTimeout(nextFrame, REST_MS, callback);
}

// Starts DSFR after hydration, once. Mode "react": its scripts change no markup, React alone does.
export function DsfrStart({ src }) {
  const { pathname, search } = useLocation();
  const how = useNavigationType();
  const shown = useRef(pathname);
  const shownAt = useRef({ pathname, search, y: 0 });

  useEffect(() => {
    if (window.dsfr?.start) return;
    window.dsfr = { verbose: false, production: true, mode: "react" };
    rest();
    import(/* @vite-ignore */ src).then(() => window.dsfr.start());
  }, [src]);

  // The router begins every new address at its top. A filter only replaces the address of the page that is shown:
  // one stays where one was. Noted before the router scrolls, put back after.
  useLayoutEffect(() => {
    shownAt.current.y = window.scrollY;
  }, [search]);
  useEffect(() => {
    const before = shownAt.current;
    shownAt.current = { ...before, pathname, search };
    const isFilter = how === "REPLACE" && before.pathname === pathname && before.search !== search;
    if (isFilter) window.scrollTo(0, before.y);
  }, [pathname, search]);

  // Leaving a field may bring words that move the button being pressed before it is let go: the browser then gives the
  // click to what holds both places. It was meant for the button, unless the pointer itself slid away.
  useEffect(() => {
    let pressed = null;
    const press = (event) => {
      const button = event.button === 0 ? event.target.closest("button, a[href]") : null;
      pressed = button && { button, x: event.clientX, y: event.clientY };
    };
    const letGo = (event) => {
      const was = pressed;
      pressed = null;
      if (!was || !event.isTrusted || was.button.contains(event.target) || !was.button.isConnected) return;
      if (Math.hypot(event.clientX - was.x, event.clientY - was.y) > SLID_PX) return;
      event.preventDefault();
      event.stopPropagation();
      was.button.click();
    };
    document.addEventListener("mousedown", press, true);
    document.addEventListener("click", letGo, true);
    return () => {
      document.removeEventListener("mousedown", press, true);
      document.removeEventListener("click", letGo, true);
    };
  }, []);

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
