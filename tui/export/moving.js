
// What moves it --------------------------------------------------------------------------------------

function show() {
  fitRows();
  scroll();
  draw();
  at("line").textContent = reading(focused());
  scrub.value = now.row;
  scrub.setAttribute("aria-valuetext", `row ${now.row} of ${rows - 1}, ${said(lanes.find(l => now.row < l.tokens.length), now.row)}`);
}

function go(row) { now.row = clamp(row, 0, rows - 1); now.probe = null; show(); }

function choose(by) { // another track; false at either end, so that Tab then leaves the score
  if (!tracks[now.track + by]) return false;
  now.track += by;
  now.probe = null;
  show();
  return true;
}

function sideways(by) { // another unit, or another row k
  const track = focused();
  if (track.kind === "heat") now.unit = clamp(Math.min(now.unit, track.units - 1) + by, 0, track.units - 1);
  else if (track.kind === "gradient" || track.kind === "attention") {
    const values = follow(track), k = values ? chosen(values) : -1;
    if (k >= 0) now.probe = clamp(k + by, 0, values.length - 1);
  }
  show();
}

function deeper(by) { now.layer = clamp((now.layer === null ? layers - 1 : now.layer) + by, 0, layers - 1); show(); }
function turn(by) { // a head, or the mean over them
  const next = (now.head === null ? -1 : now.head) + by;
  now.head = next < -1 ? heads - 1 : next < 0 || next >= heads ? null : next;
  show();
}

function play(on = timer === null) {
  clearInterval(timer);
  timer = on ? setInterval(() => now.row < rows - 1 ? go(now.row + 1) : play(false), STEP) : null;
  if (on && now.row === rows - 1) go(0);
  at("play").textContent = on ? "❚❚" : "▶";
  at("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

const page = () => Math.max(1, Math.floor((height() - header()) / tall) - 1);
const KEYS = {
  ArrowDown: () => go(now.row + 1), ArrowUp: () => go(now.row - 1), Home: () => go(0), End: () => go(rows - 1),
  PageDown: () => go(now.row + page()), PageUp: () => go(now.row - page()), " ": () => play(),
  ArrowLeft: () => sideways(-1), ArrowRight: () => sideways(1),
  "[": () => deeper(-1), "]": () => deeper(1), "{": () => turn(-1), "}": () => turn(1),
  v: () => { now.of++; now.probe = null; show(); },
  w: () => { now.which = now.which === "cross" ? "self" : "cross"; now.probe = null; show(); },
  "?": () => at("keys").showModal(),
};

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || at("keys").open) return;
  const own = event.target === canvas || event.target === document.body;
  if (event.key === "Tab") {
    if (event.target === canvas && choose(event.shiftKey ? -1 : 1)) event.preventDefault();
  } else if (KEYS[event.key] && (own || event.key !== " ")) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

function under(event) { // the row, track and unit below a pointer
  const box = canvas.getBoundingClientRect(), px = event.clientX - box.left, row = rowAt(event.clientY - box.top);
  const place = places.find(p => px >= p.x && px <= p.x + p.width), track = place && place.track;
  const units = track && track.kind === "heat" ? pageOf(track, place.width) : null;
  return { row, track, unit: units ? clamp(units.start + Math.floor((px - place.x) / units.cell), 0, track.units - 1) : now.unit };
}

function point(event) {
  const { row, track, unit } = under(event);
  if (track) now.track = tracks.indexOf(track);
  now.unit = unit;
  go(row);
}

canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); point(event); });
canvas.addEventListener("pointermove", event => {
  if (event.buttons) return point(event);
  const { row, track, unit } = under(event);
  const fixed = track && !["gradient", "attention"].includes(track.kind);
  at("pointer").textContent = fixed ? reading(track, row, unit) : track ? pointed(track, row) : "";
});
canvas.addEventListener("pointerleave", () => { at("pointer").textContent = ""; });
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  now.top = clamp(now.top + Math.sign(event.deltaY) * 3, 0, rows - 1);
  draw();
}, { passive: false });

function pointed(track, row) { // gradient and attention: the row below the pointer is k
  const values = follow(track);
  return values && row < values.length ? `row k = ${row} ${said(track.lane, row)}: ${exact(values[row])}` : "";
}

scrub.max = rows - 1;
scrub.addEventListener("input", () => go(+scrub.value));
const on = (id, act) => at(id).addEventListener("click", act);
on("play", () => play());
on("track", () => choose(1) || (now.track = 0, show()));
on("less", () => sideways(-1));
on("more", () => sideways(1));
on("layer", () => now.layer === 0 ? deeper(layers) : deeper(-1));
on("head", () => turn(1));
on("help", KEYS["?"]);
at("layer").hidden = layers < 2;
at("head").hidden = heads < 2;

function repaint() { look = data.looks[dark.matches ? "dark" : "light"]; maps = { signed: ramp(look.signed), unit: ramp(look.unit) }; }
dark.addEventListener("change", () => { repaint(); show(); });
document.addEventListener("visibilitychange", () => document.hidden && play(false));
at("main").hidden = false;
at("plain").open = false;
repaint();
const crosses = tracks.findIndex(track => track.kind === "attention" && track.parts.cross);
now.track = Math.max(0, crosses >= 0 ? crosses : tracks.findIndex(track => track.kind === "heat"));
now.row = rows - 1; // all that was read, and what the last token depends on
canvas.style.height = `${header() + TALLEST * (rows + dividers.length)}px`; // no higher than its rows
new ResizeObserver(() => show()).observe(canvas);
canvas.focus({ preventScroll: true });
show();
