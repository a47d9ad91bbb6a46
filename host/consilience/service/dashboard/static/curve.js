// The statistic of an agent over its runs, with the threshold and its alarms.

import { bits, element, number } from "./dom.js";

const HEIGHT = 260, LEFT = 44, RIGHT = 12, TOP = 16, BOTTOM = 28, NARROW = 640;

export function curve(judged, threshold, alarms) {
  const WIDTH = innerWidth < NARROW ? 400 : 800;
  // A run that alarmed and has not ended is no part of the history yet.
  const going = alarms.filter((one) => one.provisional && !judged.some((run) => run.run === one.run)).slice(-1);
  const history = [...judged, ...going];
  const values = history.map((one) => one.statistic_bits);
  const known = values.filter((one) => one !== null);
  const low = Math.min(0, ...known), high = Math.max(threshold * 1.15, ...known);
  const across = (place) => LEFT + (place / Math.max(1, values.length - 1)) * (WIDTH - LEFT - RIGHT);
  const down = (value) => TOP + ((high - value) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  let path = "";
  values.forEach((value, place) => {
    path += `${path && values[place - 1] !== null ? "L" : "M"}${across(place).toFixed(1)} ${down(value ?? low).toFixed(1)}`;
  });
  const raised = new Set(alarms.map((one) => one.run));
  const marks = history.flatMap((one, place) => raised.has(one.run) && one.statistic_bits !== null
    ? [element("circle", { class: "mark", cx: across(place), cy: down(one.statistic_bits), r: 5 })] : []);
  const last = known.length ? known[known.length - 1] : null;
  const words = `Statistic over ${number(values.length)} runs, now ${bits(last)}; threshold ${bits(threshold)}; `
    + `${number(alarms.length)} alarm${alarms.length === 1 ? "" : "s"}.`;
  return element("figure", {},
    element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
      element("line", { class: "axis", x1: LEFT, x2: LEFT, y1: TOP, y2: HEIGHT - BOTTOM }),
      element("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: down(0), y2: down(0) }),
      element("line", { class: "threshold", x1: LEFT, x2: WIDTH - RIGHT, y1: down(threshold), y2: down(threshold) }),
      element("text", { x: LEFT - 6, y: down(threshold) + 4, "text-anchor": "end" }, threshold.toFixed(1)),
      element("text", { x: LEFT - 6, y: down(0) + 4, "text-anchor": "end" }, "0"),
      element("text", { x: LEFT, y: HEIGHT - 8 }, "older runs"),
      element("text", { x: WIDTH - RIGHT, y: HEIGHT - 8, "text-anchor": "end" }, "now"),
      element("path", { class: "curve", d: path || `M${LEFT} ${down(0)}` }),
      marks),
    element("figcaption", {}, words, " Dashed: the threshold, in bits. Dots: runs with an alarm."));
}
