import React, { Component, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Layer, Map, Marker, NavigationControl, Popup, ScaleControl, Source } from "@vis.gl/react-maplibre";
import * as maplibregl from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import "./map.css";
import {
  CLUSTER_SUMS, STATES, backgroundStyle, drawOrigin, drawPin, focusLayer, inWords, originFeatures, originLayers, placeLayers, resolveImage,
} from "./map_drawing.jsx";
import { useFit, useLivePlaces, usePoints, useScheme, useUserMoves } from "./map_hooks.jsx";

maplibregl.setWorkerUrl(workerUrl); // a file of ours, so that the security policy needs no blob script

const MAX_ZOOM = 17;
const TOUCH_SLACK = 9; // pixels around a pin of 26 that still count: a target of 44
const HOVER_MS = 60;
const MAX_LISTED = 200;
const MAX_PULSES = 12;

const FRENCH = {
  "AttributionControl.ToggleAttribution": "Afficher ou masquer les sources de la carte",
  "Map.Title": "Carte",
  "Marker.Title": "Repère",
  "NavigationControl.ZoomIn": "Agrandir la carte",
  "NavigationControl.ZoomOut": "Réduire la carte",
  "Popup.Close": "Fermer",
};

const TERRITORIES = {
  "Métropole": [-5.2, 41.3, 9.6, 51.1],
  Guadeloupe: [-61.85, 15.8, -60.98, 16.55],
  Martinique: [-61.25, 14.38, -60.8, 14.9],
  Guyane: [-54.7, 2.1, -51.5, 5.9],
  "La Réunion": [55.2, -21.42, 55.86, -20.85],
  Mayotte: [45.0, -13.02, 45.32, -12.62],
  "Saint-Pierre-et-Miquelon": [-56.45, 46.74, -56.1, 47.15],
  "Saint-Martin et Saint-Barthélemy": [-63.2, 17.85, -62.75, 18.15],
  "Nouvelle-Calédonie": [163.5, -22.75, 168.2, -19.5],
  "Polynésie": [-152.3, -18.0, -148.9, -16.0],
  "Wallis-et-Futuna": [-178.4, -14.5, -176.0, -13.1],
};

const NARROW = 640; // pixels, as the library understands it
const LEGEND = [["free", 4], ["held", 0], ["full", 0], ["closed", 0]];

/** The place or cluster under a point of the screen, the nearest first within `slack` pixels. */
function pick(map, point, slack) {
  const layers = ["focus", "pins", "clusters"].filter((id) => map.getLayer(id));
  const box = [[point.x - slack, point.y - slack], [point.x + slack, point.y + slack]];
  const distance = ({ geometry }) => map.project(geometry.coordinates).dist(point);
  const exact = map.queryRenderedFeatures(point, { layers });
  return exact[0] ?? map.queryRenderedFeatures(box, { layers }).sort((a, b) => distance(a) - distance(b))[0];
}

function Legend({ scheme }) {
  const images = useMemo(() => LEGEND.map(([state, free]) => drawPin(scheme, state, free).toDataURL()), [scheme]);
  return (
    <details className="place-map__legend">
      <summary>Légende</summary>
      <ul>
        {LEGEND.map(([state], index) => (
          <li key={state}><img src={images[index]} alt="" width="30" height="30" />{STATES[state]}</li>
        ))}
        <li><span className="place-map__sum" aria-hidden="true">12</span>Plusieurs lieux, total libre</li>
      </ul>
    </details>
  );
}

function GoTo({ value, onChoose }) {
  return (
    <select className="place-map__goto" aria-label="Aller à un territoire" value={value} onChange={(event) => onChoose(event.target.value, event)}>
      <option value="">Aller à…</option>
      {Object.keys(TERRITORIES).map((name) => <option key={name}>{name}</option>)}
    </select>
  );
}

/** Places that stand at the same spot, which no zoom can tell apart. */
function Stack({ stack, byId, onPick, onClose }) {
  const places = stack.ids.map((id) => byId.get(id)?.properties).filter(Boolean).sort((a, b) => a.name.localeCompare(b.name, "fr"));
  return (
    <Popup longitude={stack.at[0]} latitude={stack.at[1]} className="place-map__stack" offset={18} maxWidth="320px" onClose={onClose}>
      <p>{`${places.length} lieux à cet endroit`}</p>
      <ul>
        {places.map((place) => (
          <li key={place.id}>
            <button type="button" onClick={() => onPick(place.id)}>{place.name}<span>{inWords(place)}</span></button>
          </li>
        ))}
      </ul>
    </Popup>
  );
}

function Tip({ place }) {
  const [longitude, latitude] = place.geometry.coordinates;
  return (
    <Popup key={place.properties.id} longitude={longitude} latitude={latitude} className="place-map__tip" offset={18}
      closeButton={false} closeOnClick={false} focusAfterOpen={false} maxWidth="280px">
      <strong>{place.properties.name}</strong>
      <span>{inWords(place.properties)}</span>
    </Popup>
  );
}

/** Rings that fade where a change made by someone else has just arrived. */
function Pulses({ places, onEnd }) {
  return places.map(({ properties, geometry: { coordinates } }) => (
    <Marker key={properties.id} longitude={coordinates[0]} latitude={coordinates[1]} className="place-map__pulse-at">
      <span className="place-map__pulse" onAnimationEnd={onEnd} aria-hidden="true" />
    </Marker>
  ));
}

const STEP = 24; // pixels a key moves the pin, an eighth with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const REST_MS = 900;

/** The searched place, that one drags, or moves by the arrows; told once it rests, or by Enter. */
function Pin({ origin, mapRef, scheme, onPin }) {
  const [at, setAt] = useState(origin);
  const ref = useRef(null);
  const timer = useRef(0);
  const latest = useRef(at);
  latest.current = at;
  const image = useMemo(() => drawOrigin(scheme).toDataURL(), [scheme]);
  useEffect(() => setAt(origin), [JSON.stringify(origin)]);
  const tell = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = 0;
    onPin?.(latest.current[1], latest.current[0]);
  }, [onPin]);
  useEffect(() => () => clearTimeout(timer.current), []);
  // A listener of the element itself: the map's own, on its container, must not move the map at the same time.
  useEffect(() => {
    const button = ref.current;
    const onKey = (event) => {
      if (event.key === "Enter" && timer.current) {
        event.preventDefault();
        tell();
      }
      const arrow = ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault();
      event.stopPropagation();
      const map = mapRef.current.getMap();
      const { x, y } = map.project(latest.current);
      const step = event.shiftKey ? STEP / 8 : STEP;
      setAt(map.unproject([x + arrow[0] * step, y + arrow[1] * step]).toArray());
      clearTimeout(timer.current);
      timer.current = setTimeout(tell, REST_MS);
    };
    button?.addEventListener("keydown", onKey);
    return () => button?.removeEventListener("keydown", onKey);
  }, [mapRef, tell]);
  const drop = ({ lngLat }) => {
    latest.current = [lngLat.lng, lngLat.lat];
    setAt(latest.current);
    tell();
  };
  return (
    <Marker longitude={at[0]} latitude={at[1]} anchor="bottom" draggable={Boolean(onPin)} onDragEnd={drop} style={{ zIndex: 2 }}>
      <button ref={ref} type="button" className="place-map__pin" aria-roledescription="repère déplaçable"
        aria-label="Point de départ de la recherche : flèches pour le déplacer, Entrée pour chercher là">
        <img src={image} alt="" width="32" height="40" />
      </button>
    </Marker>
  );
}

function Progress({ points }) {
  if (points.error) {
    return (
      <div className="place-map__notice" role="alert">
        <span>{points.error}</span>
        <button type="button" className="fr-btn fr-btn--sm" onClick={points.retry}>Réessayer</button>
      </div>
    );
  }
  return <div role="status">{points.slow && <span className="place-map__notice">Chargement des lieux…</span>}</div>;
}

/** What is painted on the background: area, clusters, pins, and above them the places in focus. */
function Layers({ scheme, data, strength, focus, origin }) {
  return (
    <>
      <Source id="places" type="geojson" data={data} promoteId="id" cluster clusterRadius={48} clusterMaxZoom={MAX_ZOOM} clusterProperties={CLUSTER_SUMS}>
        {placeLayers(scheme, strength).map((layer) => <Layer key={layer.id} {...layer} />)}
      </Source>
      <Source id="origin" type="geojson" data={origin}>
        {originLayers(scheme).map((layer) => <Layer key={layer.id} {...layer} />)}
      </Source>
      <Source id="focus" type="geojson" data={focus}><Layer {...focusLayer(scheme)} /></Source>
    </>
  );
}

const collection = (features) => ({ type: "FeatureCollection", features });

function useFocus(byId, version, selected, lit) {
  return useMemo(() => {
    const rings = new globalThis.Map([[lit, "lit"], [selected, "chosen"]]);
    const found = [...rings].filter(([id]) => byId.has(id));
    return collection(found.map(([id, ring]) => {
      const { geometry, properties } = byId.get(id);
      return { type: "Feature", geometry, properties: { ...properties, ring } };
    }));
  }, [byId, version, selected, lit]);
}

/** Id of the place under the pointer, told to `onHover` once the pointer rests there. */
function useHover(onHover) {
  const [hovered, setHovered] = useState("");
  const [overCluster, setOverCluster] = useState(false);
  const told = useRef("");
  useEffect(() => {
    const timer = setTimeout(() => {
      if (told.current !== hovered) onHover?.(hovered);
      told.current = hovered;
    }, HOVER_MS);
    return () => clearTimeout(timer);
  }, [hovered, onHover]);
  const onMouseMove = useCallback((event) => {
    if (matchMedia("(hover: none)").matches) return; // a touch also sends one mouse move
    const found = pick(event.target, event.point, 0);
    setHovered(found && !found.properties.cluster ? String(found.properties.id) : "");
    setOverCluster(Boolean(found?.properties.cluster));
  }, []);
  const onMouseOut = useCallback(() => setHovered(""), []);
  return { hovered, cursor: hovered || overCluster ? "pointer" : "grab", onMouseMove, onMouseOut };
}

/** Opens a cluster: closer, or as a list when its places stand at the same spot. */
async function openCluster(map, { properties, geometry }, originalEvent, onStack) {
  const source = map.getSource("places");
  const zoom = await source.getClusterExpansionZoom(properties.cluster_id);
  if (zoom <= MAX_ZOOM) return map.easeTo({ center: geometry.coordinates, zoom }, { originalEvent });
  const leaves = await source.getClusterLeaves(properties.cluster_id, MAX_LISTED, 0);
  return onStack({ at: geometry.coordinates, ids: leaves.map((leaf) => String(leaf.properties.id)) });
}

function exposeForTests(map, byId) {
  window.__placeMap = { map, ids: () => [...byId.current.keys()], place: (id) => byId.current.get(id)?.properties };
}

/** Folds the credits where they would cover the legend; their button stays. */
function foldCredits(map) {
  const credits = map.getContainer().querySelector(".maplibregl-ctrl-attrib.maplibregl-compact-show");
  if (map.getContainer().clientWidth > NARROW || !credits) return;
  credits.classList.remove("maplibregl-compact-show");
  credits.removeAttribute("open");
}

function openingView(center, zoom) {
  if (zoom && center) return { longitude: center[0], latitude: center[1], zoom };
  return { bounds: TERRITORIES["Métropole"], fitBoundsOptions: { padding: 8 } };
}

function LivingMap(props) {
  const { background, tiles, tilesCredit, url, patch, highlighted, selected, center, zoom, fit, origin, radiusKm, label } = props;
  const ref = useRef(null);
  const [ready, setReady] = useState(false);
  const [stack, setStack] = useState(null);
  const [pulses, setPulses] = useState([]);
  const [territory, setTerritory] = useState("");
  const scheme = useScheme();
  const points = usePoints(url);
  const { byId, version } = useLivePlaces(points.data, patch, ref, (changed) => setPulses(changed.slice(0, MAX_PULSES)));
  const { hovered, ...pointer } = useHover(props.onHover);
  const told = useUserMoves(props.onMoved);
  const focus = useFocus(byId, version, selected, hovered || highlighted);
  const originData = useMemo(() => collection(originFeatures(origin, radiusKm)), [JSON.stringify(origin), radiusKm]);
  const style = useMemo(() => backgroundStyle({ background, tiles, credit: tilesCredit, scheme }), [background, tiles, tilesCredit, scheme]);
  const latest = useRef(byId);
  latest.current = byId;
  useFit(fit, ref, ready);
  useEffect(() => setStack(null), [points.data]);
  useEffect(() => ref.current?.getCanvas().setAttribute("aria-label", label), [ready, label]);
  useEffect(() => () => { delete window.__placeMap; }, []);

  const onLoad = useCallback((event) => {
    exposeForTests(event.target, latest);
    foldCredits(event.target);
    setReady(true);
  }, []);
  const onStyleData = useCallback((event) => event.target.setMissingStyleImageResolver((name) => resolveImage(event.target, name)), []);
  const choose = useCallback((id) => {
    setStack(null);
    props.onPick?.(id);
  }, [props.onPick]);
  const onClick = (event) => {
    const found = pick(event.target, event.point, TOUCH_SLACK);
    if (found?.properties.cluster) return openCluster(event.target, found, event.originalEvent, setStack);
    return found && choose(String(found.properties.id));
  };
  const onMoveEnd = (event) => {
    if (!event.territory) setTerritory("");
    told(event);
  };
  const goTo = (name, event) => {
    const byUser = { originalEvent: event.nativeEvent, territory: true };
    if (name) ref.current.getMap().fitBounds(TERRITORIES[name], { padding: 24, maxDuration: 1500 }, byUser);
    setTerritory(name); // last: the move that this one interrupts, if any, has just ended and erased it
  };
  return (
    <div className={`place-map ${props.className ?? ""}`} aria-busy={points.loading}>
      <Map ref={ref} mapLib={maplibregl} mapStyle={style} locale={FRENCH} maxZoom={MAX_ZOOM} minZoom={1} renderWorldCopies={false}
        initialViewState={openingView(center, zoom)} attributionControl={{ compact: true }}
        dragRotate={false} touchPitch={false} pitchWithRotate={false} cursor={pointer.cursor}
        onLoad={onLoad} onStyleData={onStyleData} onMouseMove={pointer.onMouseMove} onMouseOut={pointer.onMouseOut}
        onClick={onClick} onMoveEnd={onMoveEnd} onError={props.onFailure}>
        <NavigationControl showCompass={false} />
        <ScaleControl position="bottom-right" />
        <Layers scheme={scheme} data={points.data} strength={points.loading ? 0.5 : 1} focus={focus} origin={originData} />
        {origin?.length === 2 && <Pin origin={origin} mapRef={ref} scheme={scheme} onPin={props.onPin} />}
        <Pulses places={pulses} onEnd={() => setPulses([])} />
        {stack && <Stack key={stack.at.join()} stack={stack} byId={byId} onPick={choose} onClose={() => setStack(null)} />}
        {hovered && !stack && byId.has(hovered) && <Tip place={byId.get(hovered)} />}
      </Map>
      <GoTo value={territory} onChoose={goTo} />
      <Legend scheme={scheme} />
      <Progress points={points} />
    </div>
  );
}

function NoMap({ className }) {
  return (
    <div className={`place-map place-map--none ${className ?? ""}`} role="status">
      <p>La carte ne peut pas s’afficher sur cet appareil ; la liste contient les mêmes lieux.</p>
    </div>
  );
}

/** The map, or a sentence that sends to the list where WebGL is missing or anything of the map breaks. */
export class PlaceMap extends Component {
  state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  // An error without a map is one of its construction: no WebGL. Later ones (a tile, an image) leave the map usable.
  onFailure = (event) => {
    if (!event.target) this.setState({ broken: true });
    else console.warn(event.error?.message ?? event.error);
  };

  render() {
    return this.state.broken ? <NoMap {...this.props} /> : <LivingMap {...this.props} onFailure={this.onFailure} />;
  }
}
