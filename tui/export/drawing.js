
// Where it is drawn ----------------------------------------------------------------------------------

const header = () => LINE * (lanes.length > 1 ? 3 : 2) + 4;
const height = () => canvas.clientHeight;
const TALLEST = 30;
let tall = LINE; // of a row: few rows are drawn larger
const fitRows = () => { tall = clamp(Math.floor((height() - header()) / (rows + dividers.length)), LINE, TALLEST); };
const offset = row => tall * (row + dividers.filter(d => d <= row).length);
const y = row => header() + offset(row) - offset(now.top);
const inSight = row => row >= now.top && y(row) + tall <= height();

function rowAt(py) { // the row at a height
  let row = now.top;
  while (row < rows - 1 && y(row + 1) <= py) row++;
  return row;
}

const UNIT = 2; // pixels of a unit at least
const COMPARED = ["gradient", "attention"];
const LEAST = { heat: 72, bars: 84, change: 124, gradient: 96, attention: 96, prediction: 128 };
const MOST = { heat: 260, bars: 150, change: 170, gradient: 150, attention: 170, prediction: 390 };
const wish = track => track.kind === "heat" ? clamp(track.units * 8, LEAST.heat, MOST.heat) : MOST[track.kind];

function layout() { // the tracks that have room, the focused one first, then by rank
  const width = canvas.clientWidth;
  pen.font = FONT;
  const widest = lane => Math.max(48, ...lane.tokens.slice(0, 400).map(t => pen.measureText(t).width));
  const tokens = lane => 38 + Math.ceil(Math.min(width / 6, widest(lane))) + GAP;
  const columns = lanes.map((lane, i) => i === 0 || lane.own ? tokens(lane) : 0);
  const share = (width - columns.reduce((a, b) => a + b)) / lanes.length;
  const room = share - (lanes.length > 1 ? GAP : 0), given = lanes.map(lane => widths(lane, room, {}));
  const limits = {}; // bars that are compared are as wide in each lane as where they are narrowest
  for (const own of given)
    for (const [track, width] of own)
      if (COMPARED.includes(track.kind)) limits[track.kind] = Math.min(width, limits[track.kind] || width);
  places = [];
  let x = 0;
  lanes.forEach((lane, i) => {
    const own = widths(lane, room, limits), start = x;
    if (columns[i]) places.push({ lane, x, width: columns[i] - GAP });
    x += columns[i];
    for (const track of lane.tracks)
      if (own.has(track)) { places.push({ lane, track, x, width: own.get(track) }); x += own.get(track) + GAP; }
    lane.at = start;
    x = lane.end = columns.slice(0, i + 1).reduce((a, b) => a + b) + share * (i + 1);
  });
}

function widths(lane, room, limits) { // the width of each of its tracks that has room
  const order = [...lane.tracks].sort((a, b) => (b === focused()) - (a === focused()) || a.rank - b.rank);
  const given = new Map(), most = track => Math.min(wish(track), limits[track.kind] || Infinity);
  for (const track of order)
    if (LEAST[track.kind] + GAP <= room) { given.set(track, LEAST[track.kind]); room -= LEAST[track.kind] + GAP; }
  for (const track of order) { // all units in sight, before anything is made larger
    if (track.kind !== "heat" || !given.has(track)) continue;
    const more = clamp(track.units * UNIT - given.get(track), 0, room);
    given.set(track, given.get(track) + more);
    room -= more;
  }
  for (const part of [0.4, 0.7, 1]) // more for all of them before much more for the first
    for (const track of order) {
      if (!given.has(track)) continue;
      const least = LEAST[track.kind], whole = track === focused() ? 1 : part;
      const more = clamp(least + (most(track) - least) * whole - given.get(track), 0, room);
      given.set(track, given.get(track) + more);
      room -= more;
    }
  return given;
}

function scroll() { // by pages: the cursor stays in sight
  if (now.row < now.top) now.top = now.row;
  while (!inSight(now.row) && now.top < now.row) now.top++;
}

// Drawing --------------------------------------------------------------------------------------------

function text(words, x, py, colour, width = Infinity, align = "left") {
  pen.fillStyle = colour;
  let shown = String(words).replace(/[\n\t]/g, " ");
  if (pen.measureText(shown).width > width) {
    while (shown && pen.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
    shown += "…";
  }
  pen.textAlign = align;
  pen.fillText(shown, x, py + LINE / 2 + 1);
}

const write = (words, x, line, ...how) => text(words, x, line + (tall - LINE) / 2, ...how); // in a row

function box(x, py, width, tall, colour) { pen.fillStyle = colour; pen.fillRect(x, py, width, tall); }

function draw() {
  const scale = devicePixelRatio || 1, width = canvas.clientWidth;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height() * scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.font = FONT;
  pen.textBaseline = "middle";
  box(0, 0, width, height(), look.background);
  layout();
  if (inSight(now.row)) box(0, y(now.row), width, tall, look.cursor);
  for (const lane of lanes) {
    if (lanes.length > 1) text(lane.name, lane.at, 0, look.text, lane.end - lane.at - GAP);
    if (dividers.includes(lane.source) && inSight(lane.source) && lane.source > now.top) crossing(lane);
  }
  for (const place of places) (place.track ? drawTrack : drawTokens)(place);
}

function crossing(lane) {
  const py = y(lane.source) - (tall + LINE) / 2, room = lane.end - lane.at - GAP;
  const words = lane.crosses.find(form => pen.measureText(form).width <= room) || "";
  box(lane.at, py + LINE / 2, room, 1, look.muted);
  box(lane.at, py, words ? pen.measureText(words).width + 8 : 0, LINE, look.background);
  text(words, lane.at, py, look.accent);
}

function visible(lane, each) {
  for (let row = now.top; row < lane.tokens.length && inSight(row); row++) each(row, y(row));
}

function drawTokens({ lane, x, width }) {
  text("row", x + 6, header() - 2 * LINE - 4, look.primary);
  text("token", x + 38, header() - 2 * LINE - 4, look.primary);
  visible(lane, (row, line) => {
    const here = row === now.row;
    if (here) write("▶", x, line, look.accent);
    write(row, x + 30, line, here ? look.accent : look.muted, 40, "right");
    write(lane.tokens[row], x + 38, line, look.text, width - 38);
  });
}

function drawTrack({ lane, track, x, width }) {
  const top = header() - 2 * LINE - 4, own = track === focused();
  if (own) box(x - 2, top, width + 4, LINE, look.primary);
  const name = title(track, width).find(form => pen.measureText(form).width <= width) || track.name;
  text(name, x, top, own ? look.background : look.primary, width);
  ({ heat: drawHeat, bars: drawBars, change: drawChange, prediction: drawPrediction }[track.kind] || drawFollow)(
    track, x, width, top + LINE, own);
}

function title(track, width) { // its forms, the longest first
  const layer = track.layers > 1 ? ` L${layerOf(track.lane)}` : "";
  const unit = track.kind === "heat" && track === focused() ? `[${Math.min(now.unit, track.units - 1)}]` : "";
  const short = track.name + unit + layer;
  if (track.kind === "gradient") {
    const of = gradientPart(track), deep = track.parts[of].layers > 1 ? ` L${layerOf(track.lane)}` : "";
    return [`|∂L${sub(now.row)}/∂${of}ₖ|${deep}`];
  }
  if (track.kind === "attention") {
    const which = now.row < track.lane.tokens.length ? looks(track.lane, track, now.row) : "";
    const name = which && track.lane.source ? which : "attention";
    return [`${name}${which ? ` L${lookLayer(track, which, now.row)}` : ""}${now.head === null ? "" : ` H${now.head}`}`];
  }
  if (track.kind === "change") return ["Δbits  |h' - h|", "Δ  |h' - h|"];
  if (track.kind !== "heat") return [short, track.unit || short];
  const { start, count } = pageOf(track, width), all = count === track.units;
  const units = all ? "" : ` ${start}-${start + count - 1}`;
  return [`${short} ${track.long}${units && `,${units} of ${track.units}`}`, all ? short : `${short}${units} of ${track.units}`, short + units];
}
const sub = n => String(n).replace(/\d/g, d => "₀₁₂₃₄₅₆₇₈₉"[d]);

function ends(low, high, x, width, py) {
  text(low, x, py, look.muted);
  text(high, x + width, py, look.muted, width, "right");
}

function pageOf(track, width) { // the units in sight: the page of them that the selected one is on
  const room = Math.max(1, Math.floor(width / UNIT)), unit = Math.min(now.unit, track.units - 1);
  const start = Math.max(0, Math.min(Math.floor(unit / room) * room, track.units - room));
  return { start, count: Math.min(room, track.units - start), cell: width / Math.min(room, track.units) };
}

function drawHeat(track, x, width, py, own) {
  const { start, count, cell } = pageOf(track, width), signed = track.scale !== null;
  const colours = signed ? maps.signed : maps.unit, unit = Math.min(now.unit, track.units - 1);
  const column = x + (unit - start) * cell;
  legend(track, x, width, py, colours);
  if (own) { // a pointer in the gap above the first row
    pen.fillStyle = look.accent;
    pen.beginPath();
    pen.moveTo(column + cell / 2, py + LINE + 4);
    pen.lineTo(column + cell / 2 - 4, py + LINE - 2);
    pen.lineTo(column + cell / 2 + 4, py + LINE - 2);
    pen.fill();
  }
  visible(track.lane, (row, line) => {
    const values = heat(track, row);
    for (let i = 0; i < count; i++) {
      const value = values[start + i];
      if (Number.isNaN(value)) continue;
      const level = signed ? (value / track.scale + 1) / 2 : value;
      const left = Math.round(x + i * cell), right = Math.round(x + (i + 1) * cell);
      box(left, line + 1, right - left - (cell > 5 ? 1 : 0), tall - 2, colours[Math.round(clamp(level, 0, 1) * 255)]);
    }
    if (row !== now.row) return;
    pen.strokeStyle = look.accent;
    pen.lineWidth = 1.5;
    pen.strokeRect(column - 0.5, line + 0.5, Math.max(cell, 4), tall - 1);
  });
}

function legend(track, x, width, py, colours) {
  const [low, high] = track.scale === null ? ["0", "1"] : [`-${track.scale}`, `+${track.scale}`];
  const left = pen.measureText(low).width + 4, bar = Math.min(60, width - left - pen.measureText(high).width - 4);
  text(low, x, py, look.muted);
  for (let i = 0; i < bar; i++) box(x + left + i, py + 4, 1.5, LINE - 8, colours[Math.round(i / bar * 255)]);
  text(high, x + left + bar + 4, py, look.muted);
}

function drawBars(track, x, width, py) {
  text(`0…${track.most} ${track.unit}`, x, py, look.muted, width);
  visible(track.lane, (row, line) => {
    const value = number(track, row);
    if (Number.isNaN(value)) return;
    write(value.toPrecision(value >= 100 ? 4 : 3).slice(0, 5), x + 40, line, look.text, 40, "right");
    box(x + 46, line + 4, Math.max(0, width - 46) * clamp(value / track.most, 0, 1), tall - 8, look.muted);
  });
}

function drawChange(track, x, width, py) {
  const most = track.most, moved = track.parts.moved.data;
  text("bits", x, py, look.muted, 46);
  ends("0", most.toPrecision(2), x + 50, width - 50, py);
  visible(track.lane, (row, line) => {
    const bits = track.data[row];
    const colour = bits >= 0.05 ? look.bad : bits <= -0.05 ? look.good : look.muted;
    if (!Number.isNaN(bits)) write(`${bits >= 0 ? "+" : ""}${bits.toFixed(1)}`, x + 44, line, colour, 44, "right");
    box(x + 50, line + 4, Math.max(0, width - 50) * (most ? moved[row] / most : 0), tall - 8, look.muted);
  });
}

function drawPrediction(track, x, width, py) {
  text("probability", x, py, look.muted, width);
  const each = Math.floor(Math.max(1, Math.min(track.units, width / 125)));
  visible(track.lane, (row, line) => {
    for (let i = 0; i < each && track.words[row][i]; i++) {
      const word = track.words[row][i], left = x + i * width / each, right = word === track.came[row];
      const colour = i ? look.muted : look.word;
      write(right ? (track.free && row + 1 >= track.free ? "▸" : "✓") : "", left, line, colour);
      write(word, left + 12, line, colour, width / each - 56);
      write(track.data[row * track.units + i].toFixed(2), left + width / each - 6, line, colour, 44, "right");
    }
  });
}

function decades() { // one scale for the gradients of all lanes, so that their bars compare
  const shown = tracks.filter(track => track.kind === "gradient").map(track => data.decades[gradientPart(track)]);
  return [Math.min(...shown.map(d => d[0])), Math.max(...shown.map(d => d[1]))];
}

function drawFollow(track, x, width, py, own) { // bars over the rows k, for the cursor's row
  const values = follow(track), gradient = track.kind === "gradient", lane = track.lane;
  const [low, high] = gradient ? decades() : [0, 1];
  if (gradient && !values) text("no loss", x, py, look.muted);
  else ends(gradient ? `1e${low}` : "0", gradient ? `1e${high}` : "1", x, width, py);
  const most = values ? chosen(values) : -1, which = gradient ? "" : looks(lane, track, now.row);
  const size = v => gradient ? (Math.log10(v) - low) / (high - low) : v;
  visible(lane, (row, line) => {
    if (gradient && row === now.row && values && !lane.labels) write(`◂ L${sub(row)}`, x, line, look.muted);
    else if (values && row < values.length && values[row] > 0)
      box(x, line + 4, width * clamp(size(values[row]), 0.01, 1), tall - 8,
        own && row === most ? look.accent : gradient ? look.bar : look.attention);
    else if (which === "cross" && row >= lane.source) {
      const shares = weights(track, "cross", row, lane.tokens.length), best = argmax(shares);
      if (best >= 0) write(`▴${lane.tokens[best]} ${shares[best].toFixed(2)}`, x, line, look.muted, width);
    }
  });
}
