// What the map paints: colours, pins drawn by canvas, background style, layers. No sprite and no font from outside.

const FONT = '"Marianne", arial, sans-serif';

const PALETTES = {
  light: {
    sea: "#e4ecf5", land: "#fbfaf8", border: "#c3c3cf", name: "#6a6a7a", nameHalo: "#fbfaf8", area: "#000091",
    cluster: { fill: "#000091", ink: "#ffffff" }, empty: { fill: "#666666", ink: "#ffffff" },
    free: { fill: "#18753c", ink: "#ffffff", rim: "#ffffff" },
    held: { fill: "#fff7d6", ink: "#5f4a00", rim: "#8a6c00" },
    full: { fill: "#666666", ink: "#ffffff", rim: "#ffffff" },
    closed: { fill: "#ffffff", ink: "#666666", rim: "#666666" },
    lit: "#0a76f6", chosen: "#000091", origin: "#c9191e", originRim: "#ffffff",
  },
  dark: {
    sea: "#141a26", land: "#262626", border: "#4d4d57", name: "#a5a5b0", nameHalo: "#262626", area: "#8585f6",
    cluster: { fill: "#8585f6", ink: "#0b0b30" }, empty: { fill: "#929292", ink: "#161616" },
    free: { fill: "#18753c", ink: "#ffffff", rim: "#b8fec9" },
    held: { fill: "#3a2f06", ink: "#ffe552", rim: "#ffe552" },
    full: { fill: "#929292", ink: "#161616", rim: "#262626" },
    closed: { fill: "#262626", ink: "#cecece", rim: "#cecece" },
    lit: "#6fb0ff", chosen: "#ffffff", origin: "#ff8080", originRim: "#161616",
  },
};

export const STATES = { free: "Libre", held: "En cours de réservation", full: "Complet", closed: "Fermé" };

/** "4 libres sur 12": the state of a place in words. */
export function inWords({ state, free, total }) {
  const count = `${free} ${free > 1 ? "libres" : "libre"} sur ${total}`;
  if (state === "held") return free > 0 ? `${count}, réservation en cours` : "En cours de réservation";
  return state === "free" ? count : STATES[state];
}

/** "950", "1,2 k": a sum short enough for a disc. */
function short(number) {
  return number < 1000 ? String(number) : `${(number / 1000).toLocaleString("fr", { maximumFractionDigits: 1 })} k`;
}

function sheet(width, height, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  return { canvas, pen };
}

// Shape differs as well as colour: disc (free), dashed disc (held), square (full), crossed disc (closed).
function shape(pen, state, box) {
  const { x, y, width, height } = box;
  pen.beginPath();
  pen.roundRect(x, y, width, height, state === "full" ? 4 : height / 2);
}

function hourglass(pen, x, y, ink) {
  pen.fillStyle = ink;
  pen.beginPath();
  for (const side of [-1, 1]) {
    pen.moveTo(x, y);
    pen.lineTo(x - 4.5, y + side * 6);
    pen.lineTo(x + 4.5, y + side * 6);
  }
  pen.fill();
}

function cross(pen, x, y, ink) {
  pen.strokeStyle = ink;
  pen.lineWidth = 2.5;
  pen.beginPath();
  pen.moveTo(x - 5, y - 5);
  pen.lineTo(x + 5, y + 5);
  pen.moveTo(x + 5, y - 5);
  pen.lineTo(x - 5, y + 5);
  pen.stroke();
}

function mark(pen, state, free, x, y, ink) {
  if (state === "closed") return cross(pen, x, y, ink);
  if (state === "held" && free === 0) return hourglass(pen, x, y, ink);
  pen.fillStyle = ink;
  pen.font = `700 13px ${FONT}`;
  return pen.fillText(short(free), x, y + 1);
}

/** A pin as a canvas twice the size of the screen's pixels; `ring` is "", "lit" or "chosen". */
export function drawPin(scheme, state, free, ring = "") {
  const colours = PALETTES[scheme];
  const { fill, ink, rim } = colours[state] ?? colours.closed;
  const side = state === "full" ? 22 : 26;
  const width = side + 7 * Math.max(0, short(free).length - 2);
  const edge = 7; // room for the ring
  const zoom = ring ? 1.3 : 1;
  const { canvas, pen } = sheet(width + 2 * edge, side + 2 * edge, 2 * zoom);
  const box = { x: edge, y: edge, width, height: side };
  if (ring) {
    shape(pen, state, { x: edge - 4, y: edge - 4, width: width + 8, height: side + 8 });
    pen.fillStyle = colours[ring];
    pen.fill();
  }
  shape(pen, state, box);
  pen.fillStyle = fill;
  pen.fill();
  pen.setLineDash(state === "held" ? [4, 2.5] : []);
  pen.strokeStyle = rim;
  pen.lineWidth = 2;
  pen.stroke();
  pen.setLineDash([]);
  mark(pen, state, free, edge + width / 2, edge + side / 2, ink);
  return canvas;
}

function drawSum(scheme, free) {
  const { canvas, pen } = sheet(48, 20, 2);
  pen.font = `700 14px ${FONT}`;
  pen.fillStyle = PALETTES[scheme][free > 0 ? "cluster" : "empty"].ink;
  pen.fillText(short(free), 24, 11);
  return canvas;
}

/** The marker of the searched address, as a canvas. */
export function drawOrigin(scheme) {
  const { canvas, pen } = sheet(32, 40, 2);
  const { origin, originRim } = PALETTES[scheme];
  pen.beginPath();
  pen.arc(16, 15, 12, 0.8 * Math.PI, 0.2 * Math.PI);
  pen.lineTo(16, 38);
  pen.closePath();
  pen.fillStyle = origin;
  pen.fill();
  pen.strokeStyle = originRim;
  pen.lineWidth = 2;
  pen.stroke();
  pen.beginPath();
  pen.arc(16, 15, 4.5, 0, 2 * Math.PI);
  pen.fillStyle = originRim;
  pen.fill();
  return canvas;
}

// Image names hold all that is drawn: "place:pin:dark:free:12:lit". One image a distinct number, made when first needed.
function draw(name) {
  const [, what, scheme, first, second, third] = name.split(":");
  if (what === "pin") return drawPin(scheme, first, Number(second), third);
  return drawSum(scheme, Number(first));
}

/** Resolver of the map's missing images; waits for the font of the site, which canvas would not. */
export async function resolveImage(map, name) {
  if (!name.startsWith("place:")) return;
  await document.fonts.load(`700 13px ${FONT}`).catch(() => []);
  if (map.hasImage(name)) return;
  const canvas = draw(name);
  map.addImage(name, canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: 2 });
}

// Names are drawn with the font of the site: without a `glyphs` address, the map uses local fonts.
function nameLayer(id, scheme, size, rest) {
  const { name, nameHalo } = PALETTES[scheme];
  return {
    id, type: "symbol", source: "outlines", ...rest,
    layout: { "text-field": ["get", "name"], "text-size": size, "text-font": ["Marianne"], "text-max-width": 8, ...rest.layout },
    paint: { "text-color": name, "text-halo-color": nameHalo, "text-halo-width": 1.5 },
  };
}

const isTown = ["has", "population"];
function outlines(background, scheme) {
  const { sea, land, border } = PALETTES[scheme];
  const attribution = "Contours : Natural Earth. Villes : GeoNames";
  return {
    version: 8,
    sources: { outlines: { type: "geojson", data: background, attribution } },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": sea } },
      { id: "land", type: "fill", source: "outlines", paint: { "fill-color": land } },
      { id: "borders", type: "line", source: "outlines", paint: { "line-color": border, "line-width": 0.8 } },
      nameLayer("departments", scheme, 12, {
        minzoom: 6, maxzoom: 9, filter: ["all", ["has", "name"], ["!", isTown]],
        layout: { "text-transform": "uppercase", "text-letter-spacing": 0.08 },
      }),
      nameLayer("towns", scheme, ["interpolate", ["linear"], ["get", "population"], 10000, 11, 200000, 14], {
        filter: ["all", isTown, [">=", ["zoom"], ["get", "from"]]], layout: { "symbol-sort-key": ["-", ["get", "population"]] },
      }),
    ],
  };
}

/** The background: outlines kept with us, raster tiles, or a whole vector style from its address. */
export function backgroundStyle({ background, tiles, credit, scheme }) {
  if (!tiles) return outlines(background, scheme);
  if (!tiles.includes("{z}")) return tiles;
  const raster = { type: "raster", tiles: [tiles], tileSize: 256, maxzoom: 19, attribution: credit };
  return { version: 8, sources: { raster }, layers: [{ id: "raster", type: "raster", source: "raster" }] };
}

const NEAR = ["case", ["==", ["get", "near"], false], 0, 1];

/** What a cluster knows of its places: the sum of free ones, and how many are in the searched area. */
export const CLUSTER_SUMS = { free: ["+", ["get", "free"]], near: ["+", NEAR] };

const isCluster = ["has", "point_count"];
const always = { "icon-allow-overlap": true, "icon-ignore-placement": true, "icon-padding": 0 };

/** Layers of the places; `strength` is below 1 while newer points are on their way. */
export function placeLayers(scheme, strength) {
  const { cluster, empty } = PALETTES[scheme];
  const colour = ["case", [">", ["get", "free"], 0], cluster.fill, empty.fill];
  const grow = (extra) => ["interpolate", ["linear"], ["sqrt", ["get", "free"]], ...[0, 14, 10, 20, 32, 26, 100, 34].map((n, i) => (i % 2 ? n + extra : n))];
  const faint = (inside) => ["case", inside, strength, 0.4 * strength];
  const clusterNear = faint([">", ["get", "near"], 0]);
  return [
    { id: "cluster-halo", type: "circle", filter: isCluster,
      paint: { "circle-color": colour, "circle-opacity": 0.25 * strength, "circle-radius": grow(5) } },
    { id: "clusters", type: "circle", filter: isCluster,
      paint: { "circle-color": colour, "circle-opacity": clusterNear, "circle-radius": grow(0) } },
    { id: "sums", type: "symbol", filter: isCluster,
      layout: { ...always, "icon-image": ["concat", `place:sum:${scheme}:`, ["to-string", ["get", "free"]]] },
      paint: { "icon-opacity": strength } },
    { id: "pins", type: "symbol", filter: ["!", isCluster],
      layout: {
        ...always,
        "icon-image": ["concat", `place:pin:${scheme}:`, ["get", "state"], ":", ["to-string", ["get", "free"]], ":"],
        "symbol-sort-key": ["match", ["get", "state"], "free", 3, "held", 2, "full", 1, 0], // the useful ones on top
      },
      paint: { "icon-opacity": faint(["==", NEAR, 1]) } },
  ];
}

/** Layer of the place pointed at and of the chosen one, above clusters so that they show even inside one. */
export function focusLayer(scheme) {
  const image = ["concat", `place:pin:${scheme}:`, ["get", "state"], ":", ["to-string", ["get", "free"]], ":", ["get", "ring"]];
  return { id: "focus", type: "symbol", layout: { ...always, "icon-image": image } };
}

/** Layers of the circle around the searched address, whose marker is an element that one can drag. */
export function originLayers(scheme) {
  const { area } = PALETTES[scheme];
  return [
    { id: "area", type: "fill", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": area, "fill-opacity": 0.06 } },
    { id: "area-edge", type: "line", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "line-color": area, "line-width": 1.5, "line-dasharray": [3, 2] } },
  ];
}

const EARTH_KM = 6371;
const radians = (degrees) => (degrees * Math.PI) / 180;
const degrees = (angle) => (angle * 180) / Math.PI;

// Great-circle destination: at 50 km a plain ellipse in degrees would be 1 % off, and more in the north.
function destination([lon, lat], angle, distance) {
  const [phi, d] = [radians(lat), distance / EARTH_KM];
  const north = Math.asin(Math.sin(phi) * Math.cos(d) + Math.cos(phi) * Math.sin(d) * Math.cos(angle));
  const turn = Math.atan2(Math.sin(angle) * Math.sin(d) * Math.cos(phi), Math.cos(d) - Math.sin(phi) * Math.sin(north));
  return [lon + degrees(turn), degrees(north)];
}

/** GeoJSON of the circle around the searched address; empty without one. */
export function originFeatures(origin, radiusKm) {
  if (origin?.length !== 2 || !(radiusKm > 0)) return [];
  const ring = Array.from({ length: 97 }, (_, step) => destination(origin, -2 * Math.PI * (step / 96), radiusKm));
  return [{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }];
}
