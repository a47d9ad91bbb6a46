// Draws the view that the address names, and again when an alarm comes.

import * as api from "./api.js";
import { element, problemBox } from "./dom.js";
import { viewOf } from "./views.js";

const AGAIN_MS = 5000, NEWS_MS = 15000;
const main = document.getElementById("view"), connection = document.getElementById("connection");
const news = document.getElementById("news");
let drawing = 0, shown = "";

async function draw({ moved = false } = {}) {
  const turn = ++drawing;
  const [name, content] = viewOf(location.hash);
  for (const one of document.querySelectorAll("nav a")) {
    if (one.getAttribute("href").replace("#/", "") === name) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  let parts;
  try {
    parts = await content(draw);
  } catch (problem) {
    parts = [element("h1", {}, problem.status === 404 ? "Not known" : "The service did not answer as it should"), problemBox(problem)];
  }
  if (turn !== drawing) return;
  const made = document.createElement("div");
  made.append(...parts.flat(Infinity).filter(Boolean));
  if (!moved && made.innerHTML === shown) return;
  // Who is choosing goes on choosing; who is on a link is on the same one afterwards.
  const held = !moved && main.contains(document.activeElement) ? document.activeElement : null;
  if (held?.matches("select, input")) return;
  const place = held && ["href", "aria-label"].map((name) => [name, held.getAttribute(name)]).find(([, value]) => value);
  shown = made.innerHTML;
  main.replaceChildren(...made.childNodes);
  document.title = `${main.querySelector("h1").textContent} · consilience`;
  if (moved) { main.focus(); scrollTo(0, 0); }
  else if (place) main.querySelector(`[${place[0]}="${CSS.escape(place[1])}"]`)?.focus({ preventScroll: true });
}

function tell(alarm) {
  const words = alarm.agent === null || alarm.agent === undefined ? `the ${alarm.kind}` : `agent ${alarm.agent}`;
  const line = element("p", {}, `Alarm: ${words}. `, element("a", { href: "#/alarms" }, "See why"));
  news.append(line);
  while (news.children.length > 3) news.firstChild.remove();
  setTimeout(() => line.remove(), NEWS_MS);
}

function connected(open) {
  connection.textContent = open ? "Live" : "Connection lost, trying again";
  connection.className = open ? "live" : "lost";
  if (open) draw();
}

addEventListener("hashchange", () => draw({ moved: true }));
await draw();
let last = 0;
try {
  const newest = await api.alarms({ after: 0, limit: 1, newest: 1 });
  last = newest.alarms.length ? newest.alarms[0].id : 0;
} catch { /* the stream says that the service does not answer */ }
api.follow(last, (alarm) => { tell(alarm); draw(); }, connected);
setInterval(() => { if (!document.hidden) draw(); }, AGAIN_MS);
