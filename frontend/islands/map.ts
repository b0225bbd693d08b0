// Maps: the city's own areas as ground, states by shape and colour, clusters from the server, picking a place.
import { Map as Chart, Marker, NavigationControl, Popup, setWorkerUrl } from "maplibre-gl";
import type { GeoJSONSource, LngLatBoundsLike, StyleSpecification } from "maplibre-gl";
import { clusterMark, nameMark, stateMark, type Tone } from "../parts/marks";

setWorkerUrl(new URL("./maplibre-gl-worker.mjs", import.meta.url).href);

const AREAS = "/api/v1/places/divisions.geojson";
const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const TONES: readonly Tone[] = ["neutral", "info", "active", "good", "warn", "late", "paused"];
const chinese = document.documentElement.lang.startsWith("zh");
const WORDS = chinese
  ? { in: "放大", out: "缩小", north: "转回正北", overdue: "其中超期", here: "所选位置", map: "地图", close: "关闭" }
  : { in: "Zoom in", out: "Zoom out", north: "North up", overdue: "of them overdue", here: "Chosen place", map: "Map", close: "Close" };

interface Facts {
  count?: number;
  overdue?: number | boolean;
  number?: string;
  title?: string;
  state?: string;
  tone?: string;
  url?: string;
}

function tone(facts: Facts): Tone {
  const given = TONES.find((name) => name === facts.tone);
  if (given) return given;
  if (Number(facts.overdue) > 0) return "late";
  if (facts.state === "suspended") return "paused";
  return facts.state === "closed" ? "good" : "active";
}

function drawn(collection: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  for (const feature of collection.features) {
    const facts = (feature.properties ?? {}) as Facts;
    const count = facts.count ?? 1;
    const mark = count > 1 ? `cluster:${count}:${Number(facts.overdue) > 0 ? 1 : 0}` : `state:${tone(facts)}`;
    feature.properties = { ...facts, mark };
  }
  return collection;
}

// Twice the signed area of a ring, and its centroid (the shoelace formula).
function weigh(ring: GeoJSON.Position[]): { area: number; place: GeoJSON.Position } {
  let [area, x, y] = [0, 0, 0];
  const [ox = 0, oy = 0] = ring[0] ?? [];
  for (let index = 1; index < ring.length; index++) {
    const [ax = 0, ay = 0] = ring[index - 1] ?? [];
    const [bx = 0, by = 0] = ring[index] ?? [];
    const cross = (ax - ox) * (by - oy) - (bx - ox) * (ay - oy);
    area += cross;
    x += (ax + bx - 2 * ox) * cross;
    y += (ay + by - 2 * oy) * cross;
  }
  return { area: Math.abs(area), place: area ? [ox + x / (3 * area), oy + y / (3 * area)] : [ox, oy] };
}

// One point with the name for each area: the middle of its largest part.
function named(collection: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const features = collection.features.flatMap((feature): GeoJSON.Feature[] => {
    const shape = feature.geometry;
    const parts = shape.type === "Polygon" ? [shape.coordinates] : shape.type === "MultiPolygon" ? shape.coordinates : [];
    const largest = parts.map((part) => weigh(part[0] ?? [])).sort((one, other) => other.area - one.area)[0];
    const names = (feature.properties?.["name"] ?? {}) as Record<string, string>;
    const text = names[chinese ? "zh-hans" : "en"] ?? names["zh-hans"] ?? "";
    if (!largest || !text) return [];
    return [{ type: "Feature", geometry: { type: "Point", coordinates: largest.place }, properties: { mark: `name:${text}` } }];
  });
  return { type: "FeatureCollection", features };
}

interface Base {
  tiles: string;
  approval: string;
}

// A base map the city has configured; without one its own areas are the ground.
function base(): Base | undefined {
  const text = document.querySelector<HTMLMetaElement>("meta[name=groundplan-map]")?.content;
  return text ? (JSON.parse(text) as Base) : undefined;
}

function style(host: HTMLElement): StyleSpecification {
  const drawnGround = ground(host);
  const given = base();
  if (!given) return drawnGround;
  drawnGround.sources["base"] = { type: "raster", tiles: [given.tiles], tileSize: 256, attribution: given.approval };
  const layers = drawnGround.layers.filter(({ id }) => id !== "area");
  layers.splice(1, 0, { id: "base", type: "raster", source: "base" });
  return { ...drawnGround, layers };
}

function ground(host: HTMLElement): StyleSpecification {
  const colour = (name: string): string => getComputedStyle(host).getPropertyValue(name).trim();
  return {
    version: 8,
    sources: {
      districts: { type: "geojson", data: EMPTY },
      streets: { type: "geojson", data: EMPTY },
      "district-names": { type: "geojson", data: EMPTY },
      "street-names": { type: "geojson", data: EMPTY },
      things: { type: "geojson", data: EMPTY },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("--gp-sunk") } },
      { id: "area", type: "fill", source: "districts", paint: { "fill-color": colour("--gp-surface"), "fill-opacity": 0.9 } },
      { id: "street", type: "line", source: "streets", paint: { "line-color": colour("--gp-line"), "line-width": 0.8 } },
      { id: "border", type: "line", source: "districts", paint: { "line-color": colour("--gp-line-strong"), "line-width": 1.2 } },
      { id: "street-name", type: "symbol", source: "street-names", minzoom: 12, layout: { "icon-image": ["get", "mark"] } },
      { id: "name", type: "symbol", source: "district-names", maxzoom: 12.5, layout: { "icon-image": ["get", "mark"], "icon-allow-overlap": true } },
      { id: "thing", type: "symbol", source: "things", layout: { "icon-image": ["get", "mark"], "icon-allow-overlap": true, "symbol-sort-key": ["to-number", ["get", "overdue"]] } },
    ],
  };
}

async function load(address: string): Promise<GeoJSON.FeatureCollection> {
  const answer = await fetch(address, { headers: { Accept: "application/geo+json, application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()) as GeoJSON.FeatureCollection;
}

function fill(chart: Chart, name: string, collection: GeoJSON.FeatureCollection): void {
  void chart.getSource<GeoJSONSource>(name)?.setData(collection);
}

function extent(collection: GeoJSON.FeatureCollection): LngLatBoundsLike | undefined {
  let [west, south, east, north] = [180, 90, -180, -90];
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === "number" && typeof value[1] === "number") {
      west = Math.min(west, value[0]); east = Math.max(east, value[0]);
      south = Math.min(south, value[1]); north = Math.max(north, value[1]);
    } else value.forEach(visit);
  };
  for (const feature of collection.features) if ("coordinates" in feature.geometry) visit(feature.geometry.coordinates);
  return west <= east ? [west, south, east, north] : undefined;
}

async function showThings(chart: Chart, host: HTMLElement): Promise<void> {
  const address = host.dataset["source"];
  let asked = 0;
  const refresh = async (): Promise<void> => {
    if (!address) return;
    const mine = ++asked;
    const url = new URL(address, location.href);
    url.searchParams.set("bbox", chart.getBounds().toArray().flat().map((value) => value.toFixed(6)).join(","));
    url.searchParams.set("zoom", chart.getZoom().toFixed(2));
    const found = await load(url.href).catch(() => undefined);
    if (mine !== asked || !found) return;
    fill(chart, "things", drawn(found));
    host.dataset["count"] = String(found.features.length);
  };
  chart.on("moveend", () => void refresh());
  host.addEventListener("groundplan:changed", () => void refresh());
  chart.on("click", "thing", (event) => {
    const feature = event.features?.[0];
    if (!feature || feature.geometry.type !== "Point") return;
    const facts = feature.properties as Facts;
    const place = feature.geometry.coordinates as [number, number];
    if ((facts.count ?? 1) > 1) chart.easeTo({ center: place, zoom: chart.getZoom() + 2 });
    else new Popup({ maxWidth: "18rem" }).setLngLat(place).setDOMContent(card(facts)).addTo(chart);
  });
  chart.on("mouseenter", "thing", () => { chart.getCanvas().style.cursor = "pointer"; });
  chart.on("mouseleave", "thing", () => { chart.getCanvas().style.cursor = ""; });
  await refresh();
}

function card(facts: Facts): HTMLElement {
  const box = document.createElement("div");
  const head = document.createElement(facts.url ? "a" : "strong");
  head.textContent = facts.number ?? facts.title ?? "";
  if (head instanceof HTMLAnchorElement && facts.url) head.href = facts.url;
  box.append(head);
  if (facts.number && facts.title) {
    const line = document.createElement("div");
    line.textContent = facts.title;
    box.append(line);
  }
  return box;
}

function pick(chart: Chart, host: HTMLElement): void {
  const longitude = document.getElementById(host.dataset["pickLongitude"] ?? "") as HTMLInputElement | null;
  const latitude = document.getElementById(host.dataset["pickLatitude"] ?? "") as HTMLInputElement | null;
  if (!longitude || !latitude) return;
  const marker = new Marker({ draggable: true });
  marker.getElement().setAttribute("aria-label", WORDS.here);
  const put = (lng: number, lat: number): void => {
    longitude.value = lng.toFixed(6);
    latitude.value = lat.toFixed(6);
    marker.setLngLat([lng, lat]).addTo(chart);
    longitude.dispatchEvent(new Event("change", { bubbles: true }));
    host.dataset["picked"] = `${longitude.value},${latitude.value}`;
  };
  const typed = (): void => {
    const [lng, lat] = [Number(longitude.value), Number(latitude.value)];
    if (longitude.value && latitude.value && Math.abs(lng) <= 180 && Math.abs(lat) <= 90) marker.setLngLat([lng, lat]).addTo(chart);
  };
  chart.on("click", (event) => put(event.lngLat.lng, event.lngLat.lat));
  marker.on("dragend", () => put(marker.getLngLat().lng, marker.getLngLat().lat));
  // By keyboard: move the map with the arrows and press Enter for its middle.
  chart.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    put(chart.getCenter().lng, chart.getCenter().lat);
  });
  const locate = host.parentElement?.querySelector<HTMLButtonElement>("[data-locate]");
  if (locate && "geolocation" in navigator) {
    locate.hidden = false;
    locate.addEventListener("click", () => {
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        put(coords.longitude, coords.latitude);
        chart.easeTo({ center: [coords.longitude, coords.latitude], zoom: 15 });
      }, () => { locate.disabled = true; });
    });
  }
  longitude.addEventListener("input", typed);
  latitude.addEventListener("input", typed);
  typed();
}

async function areas(chart: Chart): Promise<GeoJSON.FeatureCollection> {
  const districts = await load(`${AREAS}?level=district`).catch(() => EMPTY);
  fill(chart, "districts", districts);
  fill(chart, "district-names", named(districts));
  void load(`${AREAS}?level=street`).then((streets) => {
    fill(chart, "streets", streets);
    fill(chart, "street-names", named(streets));
  }).catch(() => undefined);
  return districts;
}

function draw(host: HTMLElement, id: string): { data: ImageData; pixelRatio: number } {
  const [kind = "", first = "", second = ""] = [id.slice(0, id.indexOf(":")), ...id.slice(id.indexOf(":") + 1).split(":")];
  if (kind === "cluster") return clusterMark(Number(first), second === "1", host);
  if (kind === "name") return nameMark(id.slice(5), host);
  return stateMark(first as Tone, host);
}

async function start(host: HTMLElement): Promise<void> {
  const chart = new Chart({
    container: host,
    style: style(host),
    center: [0, 0],
    zoom: 2,
    attributionControl: base() ? { compact: false } : false,
    dragRotate: false,
    pitchWithRotate: false,
    localIdeographFontFamily: "sans-serif",
    locale: { "NavigationControl.ZoomIn": WORDS.in, "NavigationControl.ZoomOut": WORDS.out, "NavigationControl.ResetBearing": WORDS.north, "Map.Title": WORDS.map, "Popup.Close": WORDS.close },
  });
  chart.addControl(new NavigationControl({ showCompass: false }), "top-right");
  chart.setMissingStyleImageResolver((id) => {
    if (chart.hasImage(id)) return;
    const made = draw(host, id);
    chart.addImage(id, made.data, { pixelRatio: made.pixelRatio });
  });
  await new Promise<void>((resolve) => { chart.once("load", () => resolve()); });
  host.querySelector(".gp-map-absent")?.remove();
  const districts = await areas(chart);
  const given = host.dataset["features"] ? document.getElementById(host.dataset["features"]) : null;
  const own = given ? (JSON.parse(given.textContent ?? "null") as GeoJSON.FeatureCollection | null) : null;
  if (own) fill(chart, "things", drawn(own));
  const wanted = host.dataset["bounds"] ? (JSON.parse(host.dataset["bounds"]) as LngLatBoundsLike) : undefined;
  const bounds = (own ? extent(own) : undefined) ?? wanted ?? extent(districts);
  if (bounds) chart.fitBounds(bounds, { padding: 28, maxZoom: own ? 14 : 17, animate: false });
  pick(chart, host);
  await showThings(chart, host);
  chart.once("idle", () => { host.dataset["map"] = "ready"; });
  chart.triggerRepaint();
}

const sheet = document.createElement("link");
sheet.rel = "stylesheet";
sheet.href = new URL("./maplibre.css", import.meta.url).href;
document.head.append(sheet);

for (const host of document.querySelectorAll<HTMLElement>("[data-map]")) {
  start(host).catch(() => {
    // Without WebGL the words inside the box and the list beside it stay.
    host.dataset["map"] = "absent";
  });
}
