// Around textual.js, which is the terminal: where its socket is, how large its letters are, and what
// is said when it has closed. textual.js begins in window.onload and knows of nothing here.
"use strict";

const USUAL = { columns: 80, rows: 24 };
const LEAST = { columns: 60, rows: 12 }; // below this the app asks for more
const LETTER = { width: 0.602, height: 1.18, smallest: 5, readable: 9, usual: 16 }; // of its size; pixels
const FONT = '16px "Roboto Mono"';

// What textual.js says of itself: -loaded, -first-byte, -closed.
const is = (state) => document.body.classList.contains(state);

function letters(screen) {
  const fits = (size) => Math.floor(Math.min(
    screen.clientWidth / size.columns / LETTER.width,
    screen.clientHeight / size.rows / LETTER.height,
  ));
  // where the usual screen would be too small to read, there are fewer columns
  const size = Math.max(fits(USUAL), Math.min(LETTER.readable, fits(LEAST)));
  return Math.max(LETTER.smallest, Math.min(LETTER.usual, size));
}

// textual.js keeps its terminal to itself: the first object that has a websocket_url holds it.
let made = null;
Object.defineProperty(Object.prototype, "websocket_url", {
  configurable: true,
  set(value) {
    delete Object.prototype.websocket_url;
    this.websocket_url = value;
    made = this;
  },
});

// What the server wrote last, when the app had left the screen.
function lastWords() {
  const buffer = made?.terminal?.buffer.active;
  const lines = Array.from({ length: buffer?.length ?? 0 }, (_, i) => buffer.getLine(i).translateToString(true).trim());
  const said = lines.filter((line) => line);
  return said.length <= 3 ? said.join(" ") : "";
}

// The browser's own page would be all that is left where the server has gone.
async function again() {
  const why = document.getElementById("why");
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) return location.reload();
    why.textContent = "This address lets nobody in now. Ask who gave it to you for the new one.";
  } catch {
    why.textContent = "The server does not answer. Try again later.";
  }
}

function socketAddress() {
  const address = new URL("socket", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

// What a button of the bar would be on a keyboard, for the element in which the terminal hears keys.
function press(input, button) {
  const code = Number(button.dataset.code);
  const about = { key: button.dataset.key, keyCode: code, which: code, bubbles: true, cancelable: true };
  if (input.dispatchEvent(new KeyboardEvent("keydown", about)) && code === 32) {
    input.dispatchEvent(new KeyboardEvent("keypress", { ...about, charCode: code }));
  }
  input.dispatchEvent(new KeyboardEvent("keyup", about));
}

function fingers(input) {
  const toggle = document.getElementById("letters");
  input.inputMode = "none"; // no keyboard on the screen until it is asked for
  for (const button of document.querySelectorAll("#keys button[data-code]")) {
    button.onclick = () => press(input, button);
  }
  toggle.onclick = () => {
    const on = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(on));
    input.inputMode = on ? "text" : "none";
    input.blur();
    if (on) input.focus();
  };
}

function closed() {
  if (made) made.socket = null; // it would be told of what happens from now on
  const why = document.getElementById("why");
  why.textContent = is("-loaded") ? "The connection has ended." : "The server cannot be reached, or lets nobody in.";
  // when all that came has been drawn
  if (is("-loaded")) made?.terminal?.write("", () => { why.textContent = lastWords() || why.textContent; });
  document.getElementById("note").hidden = false;
  document.getElementById("again").focus();
}

const begin = window.onload;
window.onload = async (event) => {
  const screen = document.getElementById("terminal");
  const input = () => screen.querySelector("textarea");
  const touched = matchMedia("(pointer: coarse)").matches;
  const focus = () => touched || !is("-loaded") || is("-closed") || input().focus();
  screen.dataset.sessionWebsocketUrl = socketAddress();
  screen.dataset.fontSize = letters(screen);
  document.getElementById("again").onclick = again;
  addEventListener("resize", () => { // before textual.js counts columns
    if (made?.terminal) made.terminal.options.fontSize = letters(screen);
  });
  new MutationObserver((_, observer) => {
    if (is("-closed")) {
      observer.disconnect();
      closed();
    } else focus();
  }).observe(document.body, { attributeFilter: ["class"] });
  await document.fonts.load(FONT).catch(() => {}); // measured before it is there, letters have a wrong width
  begin(event);
  if (touched) fingers(input());
  else window.onfocus = focus;
};
