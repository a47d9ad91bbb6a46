// Elements, made without markup from the service: text is text, whatever it holds.

export function element(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "circle", "text", "title", "desc", "g"].includes(tag);
  const made = svg && tag !== "title" ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : svg ? document.createElementNS("http://www.w3.org/2000/svg", "title") : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

const numbers = new Intl.NumberFormat("en");
const times = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const number = (value) => (value === null || value === undefined ? "none" : numbers.format(value));

export const bits = (value) => (value === null || value === undefined ? "none" : `${value.toFixed(1)} bits`);

export function time(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "never";
  const date = new Date(milliseconds);
  return element("time", { datetime: date.toISOString() }, times.format(date));
}

export function ago(milliseconds) {
  const seconds = Math.max(0, Math.round((Date.now() - milliseconds) / 1000));
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]])
    if (seconds >= size) return `${number(Math.floor(seconds / size))} ${unit}${seconds >= 2 * size ? "s" : ""}`;
  return "less than a minute";
}

export function facts(pairs) {
  return element("dl", { class: "facts" }, pairs.filter(([, value]) => value !== undefined && value !== null)
    .flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

export const empty = (...children) => element("div", { class: "empty" }, children);

export const rows = (list, one) => element("ul", { class: "rows" }, list.map(one));

export function problemBox(problem) {
  return element("div", { class: "problem", role: "alert" }, element("p", {}, problem.message));
}
