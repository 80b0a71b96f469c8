// What the map listens to: its points, their live changes, the colour scheme, the moves of the user.
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

export const NOTHING = { type: "FeatureCollection", features: [] };
const SLOW_MS = 300;
const SETTLE_MS = 300;

async function fetchPoints(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "application/geo+json, application/json" } });
  if (response.status === 401) throw new Error("Votre session a pris fin : reconnectez-vous.");
  if (!response.ok) throw new Error("Les lieux n’ont pas pu être chargés.");
  return response.json();
}

function sentence(error) {
  // fetch rejects with a TypeError when the network fails, and JSON with a SyntaxError: neither is for the user.
  return error.constructor === Error ? error.message : "Les lieux n’ont pas pu être chargés : vérifiez votre connexion.";
}

/** Points of `url`, the old ones kept while the new arrive: {data, loading, slow, error, retry}. */
export function usePoints(url) {
  const [data, setData] = useState(NOTHING);
  const [status, setStatus] = useState({ loading: Boolean(url), slow: false, error: "" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!url) {
      setData(NOTHING);
      setStatus({ loading: false, slow: false, error: "" });
      return undefined;
    }
    const abort = new AbortController();
    const done = (error) => setStatus({ loading: false, slow: false, error });
    setStatus({ loading: true, slow: false, error: "" });
    const timer = setTimeout(() => setStatus((now) => ({ ...now, slow: now.loading })), SLOW_MS);
    fetchPoints(url, abort.signal)
      .then((points) => {
        setData(points);
        done("");
      })
      .catch((error) => abort.signal.aborted || done(sentence(error)))
      .finally(() => clearTimeout(timer));
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [url, attempt]);
  return { data, ...status, retry: useCallback(() => setAttempt((count) => count + 1), []) };
}

/** Write `patch` into the features and return the difference, in the terms of maplibre's `updateData`. */
function merge(byId, patch) {
  const update = [];
  for (const [id, change] of Object.entries(patch ?? {})) {
    const properties = byId.get(id)?.properties;
    const changed = properties ? Object.entries(change).filter(([key, value]) => properties[key] !== value) : [];
    if (!changed.length) continue;
    Object.assign(properties, change);
    update.push({ id: properties.id, addOrUpdateProperties: changed.map(([key, value]) => ({ key, value })) });
  }
  return update;
}

/**
 * Features by id, kept up to date by `patch`; `version` counts the changes.
 *
 * Features are changed in place on purpose: the collection keeps its identity, so that only the difference goes to
 * the worker of the map, and a source made anew (change of scheme) starts from the present state.
 */
export function useLivePlaces(data, patch, mapRef, onChanged) {
  const byId = useMemo(() => new Map(data.features.map((feature) => [String(feature.properties.id), feature])), [data]);
  const [version, setVersion] = useState(0);
  const seen = useRef(byId);
  useEffect(() => {
    const update = merge(byId, patch);
    const isNews = seen.current === byId; // not merely what was already known when these points arrived
    seen.current = byId;
    if (!update.length) return;
    mapRef.current?.getMap().getSource("places")?.updateData({ update });
    setVersion((count) => count + 1);
    if (isNews) onChanged(update.map(({ id }) => byId.get(String(id))));
  }, [byId, patch]);
  return { byId, version };
}

function readScheme() {
  const { frTheme, frScheme } = document.documentElement.dataset;
  const asked = frTheme || frScheme;
  if (asked === "dark" || asked === "light") return asked;
  // Without the design system's script, "system" is settled by the browser.
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function watchScheme(tell) {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(tell);
  observer.observe(document.documentElement, { attributeFilter: ["data-fr-theme", "data-fr-scheme"] });
  media.addEventListener("change", tell);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", tell);
  };
}

/** "light" or "dark", as the page is now. */
export function useScheme() {
  return useSyncExternalStore(watchScheme, readScheme, () => "light");
}

/** Handler of the map's moves that tells `onMoved` once the user has stopped moving it. */
export function useUserMoves(onMoved) {
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (event) => {
      if (!event.originalEvent) return; // moved by us: fit, resize
      clearTimeout(timer.current);
      const map = event.target;
      timer.current = setTimeout(() => {
        const bounds = map.getBounds().toArray().flat();
        onMoved?.(bounds, map.getZoom());
      }, SETTLE_MS);
    },
    [onMoved],
  );
}

/** Show `box` whenever it changes, at once the first time; the library itself honours reduced motion. */
export function useFit(box, mapRef, ready) {
  const first = useRef(true);
  const key = JSON.stringify(box ?? []);
  useEffect(() => {
    const map = mapRef.current?.getMap();
    if (!ready || !map || box?.length !== 4) return undefined;
    const show = () => {
      const duration = first.current ? 0 : undefined;
      first.current = false;
      const padding = Math.min(56, map.getContainer().clientWidth / 10);
      map.fitBounds(box, { padding, maxZoom: 12, maxDuration: 1500, duration });
    };
    if (map.getContainer().clientWidth > 0) return void show();
    map.once("resize", show); // still hidden, as on a phone until the list gives way to the map
    return () => map.off("resize", show);
  }, [key, ready]);
}
