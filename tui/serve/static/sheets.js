// textual.js writes styles into the page, which the page's policy forbids; a sheet that a script makes as
// an object is not in the page, and is allowed. So what asks for a <style> gets a stand-in that fills one.
"use strict";

const create = document.createElement.bind(document);
document.createElement = (name, ...about) => name === "style" ? standIn() : create(name, ...about);

function standIn() {
  const element = create("meta");
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  Object.defineProperty(element, "textContent", { set: (rules) => sheet.replaceSync(rules) });
  element.styleSheet = { cssText: "" }; // what it writes here is for a page that is nothing but a terminal
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}

// Where there is no WebGL, each word is drawn with colours of its own.
const setAttribute = Element.prototype.setAttribute;
Element.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};
