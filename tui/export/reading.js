
"use strict";
// The score of a trace: time runs downwards, one row a token, tracks side by side, on one cursor.
// `data` is what tui/export/page.py wrote: looks (colours), lanes, and in each lane its tracks. All numbers
// are float32, little-endian, in base64. Nothing here asks a server for anything.

const at = id => document.getElementById(id);
const data = JSON.parse(at("data").textContent);
const canvas = at("score"), pen = canvas.getContext("2d"), scrub = at("scrub");
const dark = matchMedia("(prefers-color-scheme: dark)");
const LINE = 20, GAP = 10, FONT = "13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
const STEP = 250; // milliseconds a row while it plays

// Numbers -------------------------------------------------------------------------------------------

const floats = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

function exact(value) { // the shortest decimal that is the same float32
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++)
    if (Math.fround(single.toPrecision(digits)) === single) return String(+single.toPrecision(digits));
  return String(+single.toPrecision(9));
}

function ramp(anchors) { // 256 colours evenly along a map
  return Array.from({ length: 256 }, (_, i) => {
    const place = i / 255 * (anchors.length - 1), low = Math.min(Math.floor(place), anchors.length - 2);
    const mix = [1, 3, 5].map(c => {
      const [a, b] = [anchors[low], anchors[low + 1]].map(hex => parseInt(hex.slice(c, c + 2), 16));
      return Math.round(a + (b - a) * (place - low));
    });
    return `rgb(${mix})`;
  });
}

function argmax(values) { // -1 where nothing is above 0
  let best = -1;
  values.forEach((v, k) => { if (v > 0 && (best < 0 || v > values[best])) best = k; });
  return best;
}

// What is shown -------------------------------------------------------------------------------------

const lanes = data.lanes, rows = Math.max(...lanes.map(lane => lane.tokens.length));
const tracks = lanes.flatMap(lane => lane.tracks);
for (const lane of lanes)
  for (const track of lane.tracks) {
    track.lane = lane;
    for (const part of [track, ...Object.values(track.parts || {})]) if (part.data) part.data = floats(part.data);
  }
const dividers = [...new Set(lanes.map(l => l.source))].filter(s => s > 0 && s < rows).sort((a, b) => a - b);
const heads = Math.max(...lanes.map(lane => lane.heads)), layers = Math.max(...lanes.map(lane => lane.layers));
const now = { row: 0, top: 0, unit: 0, layer: null, head: null, which: "cross", of: 0, track: 0, probe: null };
let timer = null, look, maps, places = []; // places: where each track in sight was drawn

const layerOf = lane => now.layer === null ? lane.layers - 1 : Math.min(now.layer, lane.layers - 1);
const focused = () => tracks[now.track];
const said = (lane, row) => `'${lane.tokens[row]}'`;

function heat(track, row) { // (unit,) of the layer on show
  const layer = track.layers > 1 ? layerOf(track.lane) : 0, start = (row * track.layers + layer) * track.units;
  return track.data.subarray(start, start + track.units);
}
const number = (track, row) => track.data[row * track.layers + (track.layers > 1 ? layerOf(track.lane) : 0)];

function gradientPart(track) { const names = Object.keys(track.parts); return names[now.of % names.length]; }

function follow(track) { // what a track says of each row k for the cursor's row; null: nothing
  const lane = track.lane, t = now.row, n = lane.tokens.length;
  if (t >= n) return null;
  if (track.kind === "gradient") {
    if (t < track.first) return null;
    const part = track.parts[gradientPart(track)], layer = part.layers > 1 ? layerOf(lane) : 0;
    const end = Math.max(t + 1, lane.source);
    return Array.from({ length: end }, (_, k) => part.data[(t * n + k) * part.layers + layer]);
  }
  const which = looks(lane, track, t);
  return which ? weights(track, which, t, n) : null;
}

function looks(lane, track, row) { // `cross`, `self` or nothing
  const own = Object.keys(track.parts).filter(w => w === "self" || row >= lane.source);
  return own.includes(now.which) ? now.which : own[0];
}

function lookLayer(track, which, row) { // the layer asked for, or the one that looks at something
  const part = track.parts[which], n = track.lane.tokens.length, size = part.heads * n;
  const sums = Array.from({ length: part.layers }, (_, l) =>
    part.data.subarray((row * part.layers + l) * size, (row * part.layers + l + 1) * size).reduce((a, b) => a + b, 0));
  const asked = Math.min(layerOf(track.lane), part.layers - 1);
  return sums[asked] > 0 ? asked : sums.indexOf(Math.max(...sums));
}

function weights(track, which, row, n) {
  const part = track.parts[which], lane = track.lane, layer = lookLayer(track, which, row);
  const end = which === "cross" || row < lane.source ? lane.source : row + 1;
  const first = (row * part.layers + layer) * part.heads;
  const own = now.head === null ? [...Array(part.heads).keys()] : [Math.min(now.head, part.heads - 1)];
  return Array.from({ length: end }, (_, k) =>
    own.reduce((sum, head) => sum + part.data[(first + head) * n + k], 0) / own.length);
}

function chosen(values) {
  return now.probe !== null && now.probe < values.length ? now.probe : argmax(values);
}

// The line under the score: the exact number ---------------------------------------------------------

function reading(track, row = now.row, unit = now.unit) {
  const lane = track.lane, name = lanes.length > 1 ? `${lane.name}: ` : "";
  if (row >= lane.tokens.length) return `${name}this lane has read all it has`;
  const here = `row ${row} ${said(lane, row)}`;
  const layer = track.layers > 1 ? ` of layer ${layerOf(lane)}` : "";
  if (track.kind === "heat") {
    const u = Math.min(unit, track.units - 1), value = heat(track, row)[u];
    if (Number.isNaN(value)) return `${name}${here} has no ${track.name}`;
    const sign = track.scale !== null && value > 0 ? "+" : "";
    return `${name}${track.name}[${u}]${layer} = ${sign}${exact(value)} at ${here} · ${track.long}`;
  }
  if (track.kind === "bars") {
    const value = number(track, row);
    if (Number.isNaN(value)) return `${name}${here}: ${track.none}`;
    const p = track.unit === "bits" ? `: it had p = ${(2 ** -value).toPrecision(4)}` : "";
    return `${name}${track.name}${layer} = ${exact(value)} ${track.unit} at ${here}${p}`;
  }
  if (track.kind === "change") {
    const bits = track.data[row], moved = `|h' - h| = ${exact(track.parts.moved.data[row])}`;
    return `${name}${here}: ${Number.isNaN(bits) ? "" : `${bits > 0 ? "+" : ""}${exact(bits)} bits of surprise, `}${moved}`;
  }
  if (track.kind === "prediction") {
    if (!track.words[row][0]) return `${name}${here}: nothing is predicted here`;
    const words = track.words[row].map((word, i) => `${word} ${exact(track.data[row * track.units + i])}`);
    return `${name}${lane.labels ? "label of" : "after"} ${here}${lane.labels ? "" : " it expects"}: ${words.join(", ")}`;
  }
  return name + followed(track, here);
}

function followed(track, here) {
  const values = follow(track), t = now.row, lane = track.lane;
  if (track.kind === "gradient") {
    if (!values) return `gradient: ${here} has no loss, nothing predicts it`;
    const of = gradientPart(track), k = chosen(values);
    if (k < 0) return `|dL_${t}/d${of}_k| is 0 for every row k`;
    const part = track.parts[of], layer = part.layers > 1 ? ` · layer ${layerOf(lane)}` : "";
    const most = k === argmax(values) ? " (the largest)" : "";
    return `|dL_${t}/d${of}_${k}| = ${exact(values[k])} ${track.unit}, k = ${k} ${said(lane, k)}${most}${layer}`;
  }
  const k = values ? chosen(values) : -1;
  if (k < 0) return `attention: ${here} looks at nothing`;
  const which = looks(lane, track, t), part = track.parts[which];
  const head = part.heads < 2 ? "" : now.head === null ? ", mean of the heads" : `, head ${Math.min(now.head, part.heads - 1)}`;
  const most = k === argmax(values) ? " (the largest)" : "";
  const what = lane.source ? `${which}-attention, ` : "";
  return `weight(${t}, ${k}) = ${exact(values[k])} on ${said(lane, k)}${most} · ${what}layer ${lookLayer(track, which, t)}${head}`;
}
