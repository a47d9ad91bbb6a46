// Devices by their names: what each said when it was last asked, and its counters.

import * as api from "./api.js";
import { element, empty, facts, number, problemBox, time } from "./dom.js";

const STATES = { agrees: "quiet", "not asked": "learning", failed: "alarm", mismatch: "alarm" };
const WORDS = { agrees: "gives the shared bits", "not asked": "not asked yet", failed: "failed", mismatch: "gives other bits" };

function check(one, redraw) {
  return element("button", {
    type: "button", "aria-label": `Check device ${one.name}`,
    onclick: async (event) => {
      event.target.disabled = true;
      try { await api.validate(one.name); } catch (problem) {
        // What the device said is drawn with it; what the service said is shown here.
        if (problem.status === 401 || problem.status === 403) { event.target.after(problemBox(problem)); return; }
      }
      redraw();
    },
  }, "Check");
}

function device(one, redraw) {
  const counted = Object.entries(one.counters).map(([name, value]) => [name.replaceAll("_", " "), number(value)]);
  return element("section", { "aria-label": `Device ${one.name}` },
    element("h2", {}, one.name),
    element("p", {}, element("span", { class: `badge ${STATES[one.state]}` }, WORDS[one.state] ?? one.state), " ", check(one, redraw)),
    one.reason ? element("p", { class: "why" }, one.reason) : null,
    facts([["address", one.url], ["board", one.board], ["version", one.version], ["build", one.build?.slice(0, 16)],
      ["lanes", one.lanes === undefined ? undefined : number(one.lanes)], ["clock", one.clock_hz ? `${number(one.clock_hz)} Hz` : undefined],
      ["last asked", one.asked_ms === null ? undefined : time(one.asked_ms)],
      ["requests", Object.entries(one.requests).map(([name, value]) => `${number(value)} ${name}`).join(", ")],
      ["digest", one.digest ?? undefined], ...counted]));
}

export async function devices(redraw) {
  const [found, service] = await Promise.all([api.devices(), api.status()]);
  return [element("h1", {}, "Devices"),
    found.devices.length ? found.devices.map((one) => device(one, redraw))
      : empty(element("p", {}, "No device was named when the service was started: add --device NAME=URL.")),
    element("h2", {}, "Service"),
    facts(Object.entries(service).filter(([, value]) => value === null || typeof value !== "object").map(([name, value]) => [name.replaceAll("_", " "), String(value)]))];
}
