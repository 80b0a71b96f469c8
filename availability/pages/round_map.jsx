import React, { Component, useEffect, useMemo, useRef, useState } from "react";
import { Layer, Map, Marker, NavigationControl, Source } from "@vis.gl/react-maplibre";
import * as maplibregl from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import "./map.css";
import { backgroundStyle } from "./map_drawing.jsx";
import { useFit, useScheme } from "./map_hooks.jsx";

maplibregl.setWorkerUrl(workerUrl);

const FRENCH = {
  "AttributionControl.ToggleAttribution": "Afficher ou masquer les sources de la carte",
  "Map.Title": "Carte",
  "Marker.Title": "Repère",
  "NavigationControl.ZoomIn": "Agrandir la carte",
  "NavigationControl.ZoomOut": "Réduire la carte",
};
const MARGIN = 0.01; // degrees, about a kilometre: a single stop is not shown from the moon, nor from the doorstep
const LINE = { light: "#000091", dark: "#8585f6" };

const APART = 38; // pixels between the middles of two stops: each keeps its number in sight and under the finger

/** Return by how much to move each of these points of the screen for none to hide another. */
export function spread(points, apart = APART) {
  const moved = points.map(([x, y]) => [x, y]);
  for (let turn = 0; turn < 40; turn += 1) {
    let isDone = true;
    for (let i = 0; i < moved.length; i += 1) {
      for (let j = i + 1; j < moved.length; j += 1) {
        const [dx, dy] = [moved[j][0] - moved[i][0], moved[j][1] - moved[i][1]];
        const gap = Math.hypot(dx, dy);
        if (gap >= apart - 0.5) continue;
        isDone = false;
        const [ux, uy] = gap > 0.01 ? [dx / gap, dy / gap] : [1, 0];
        const push = (apart - gap) / 2;
        moved[i] = [moved[i][0] - ux * push, moved[i][1] - uy * push];
        moved[j] = [moved[j][0] + ux * push, moved[j][1] + uy * push];
      }
    }
    if (isDone) break;
  }
  return moved.map(([x, y], at) => [Math.round(x - points[at][0]), Math.round(y - points[at][1])]);
}

function edges(points) {
  if (!points.length) return [];
  const lons = points.map(([lon]) => lon);
  const lats = points.map(([, lat]) => lat);
  return [Math.min(...lons) - MARGIN, Math.min(...lats) - MARGIN, Math.max(...lons) + MARGIN, Math.max(...lats) + MARGIN];
}

function Way({ id = "way", points, color, scheme }) {
  const data = useMemo(() => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } }), [points]);
  if (points.length < 2) return null;
  return (
    <Source id={id} type="geojson" data={data}>
      <Layer id={id} type="line" layout={{ "line-join": "round" }} paint={{ "line-color": color ?? LINE[scheme], "line-width": 2.5, "line-dasharray": [2, 1.5] }} />
    </Source>
  );
}

function LivingMap({ background, tiles, tilesCredit, stops, base, ways, bases, label, onPick, onFailure }) {
  const ref = useRef(null);
  const [ready, setReady] = useState(false);
  const scheme = useScheme();
  const style = useMemo(() => backgroundStyle({ background, tiles, credit: tilesCredit, scheme }), [background, tiles, tilesCredit, scheme]);
  const places = useMemo(() => stops.map(({ lon, lat }) => [lon, lat]), [stops]);
  const way = useMemo(() => (base.length === 2 && places.length ? [base, ...places, base] : places), [base, places]);
  const homes = useMemo(() => (base.length === 2 ? [base] : bases), [base, bases]);
  const fit = useMemo(() => edges([...homes, ...places]), [homes, places]);
  useFit(fit, ref, ready);
  const [offsets, setOffsets] = useState([]);
  const keepApart = () => {
    const map = ref.current;
    if (map) setOffsets(spread(places.map((place) => map.project(place)).map(({ x, y }) => [x, y])));
  };
  useEffect(keepApart, [ready, places]);
  useEffect(() => ref.current?.getCanvas().setAttribute("aria-label", label), [ready, label]);
  return (
    <Map ref={ref} mapLib={maplibregl} mapStyle={style} locale={FRENCH} maxZoom={17} minZoom={1} renderWorldCopies={false}
      initialViewState={fit.length ? { bounds: fit } : { longitude: 2.5, latitude: 46.6, zoom: 5 }}
      attributionControl={{ compact: true }} onLoad={() => setReady(true)} onZoomEnd={keepApart} onResize={keepApart} onError={onFailure}>
      <NavigationControl showCompass={false} />
      {ways.length
        ? ways.map(({ id, color, points }) => <Way key={id} id={`way-${id}`} points={points} color={color} scheme={scheme} />)
        : <Way points={way} scheme={scheme} />}
      {homes.map(([lon, lat]) => (
        <Marker key={`${lon},${lat}`} longitude={lon} latitude={lat}>
          <span className="round-map__base" title="Base de l’équipe" role="img" aria-label="Base de l’équipe">⌂</span>
        </Marker>
      ))}
      {stops.map((stop, at) => (
        <Marker key={stop.id} longitude={stop.lon} latitude={stop.lat} offset={offsets[at] ?? [0, 0]}>
          <button type="button" className={`round-map__stop round-map__stop--${stop.state}`} aria-label={stop.label} title={stop.label}
            style={stop.color ? { background: stop.color, color: "#fff" } : undefined} onClick={() => onPick?.(stop.id)}>
            {stop.number}
          </button>
        </Marker>
      ))}
    </Map>
  );
}

/** The map, or a sentence that sends to the list where WebGL is missing or anything of the map breaks. */
export class RoundMap extends Component {
  state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  onFailure = (event) => {
    if (!event.target) this.setState({ broken: true });
    else console.warn(event.error?.message ?? event.error);
  };

  render() {
    if (this.state.broken) {
      return (
        <div className="place-map place-map--none" role="status">
          <p>La carte ne peut pas s’afficher sur cet appareil ; la liste contient les mêmes passages.</p>
        </div>
      );
    }
    return <div className="place-map"><LivingMap {...this.props} onFailure={this.onFailure} /></div>;
  }
}
