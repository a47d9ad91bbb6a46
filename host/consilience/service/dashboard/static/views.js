// What each view shows, from the service's answers.

import * as api from "./api.js";
import { curve } from "./curve.js";
import { devices } from "./devices.js";
import { ago, bits, element, empty, facts, number, problemBox, rows, time } from "./dom.js";
import { sources } from "./sources.js";

const STATES = { alarm: "does not behave", quiet: "behaves", learning: "still learning" };
const PAGE = 100;

const link = (agent) => element("a", { href: `#/agents/${encodeURIComponent(agent)}` }, String(agent));

function badge(agent) {
  const seen = agent.acknowledged ? ", noted" : "";
  return element("span", { class: `badge ${agent.state}` }, (STATES[agent.state] ?? agent.state) + seen);
}

function meter(agent) {
  if (agent.statistic_bits === null || agent.statistic_bits === undefined)
    return element("span", { class: "soft" }, agent.state === "learning" ? "no runs judged yet" : "no evidence");
  const share = Math.max(0, Math.min(1, agent.statistic_bits / agent.threshold_bits));
  const bar = element("b");
  bar.style.width = `${100 * share}%`;
  return element("span", { class: `meter ${agent.state}` },
    element("i", { "aria-hidden": "true" }, bar),
    `${bits(agent.statistic_bits)} of ${agent.threshold_bits.toFixed(1)}`);
}

const waits = (agent) => (agent.waiting_runs ? element("p", { class: "why" },
  `${number(agent.waiting_runs)} runs that have ended wait for run ${agent.waits_for}, which has not: they are not judged. End it, or start the service with --deadline.`) : null);

function agentRow(agent) {
  const since = agent.since_ms ?? agent.last_seen_ms;
  return element("li", {},
    element("div", { class: "row" },
      element("span", { class: "name" }, link(agent.agent)), badge(agent), meter(agent),
      element("span", { class: "soft" }, `${number(agent.runs)} runs`,
        agent.state === "alarm" && since ? [", since ", time(since)] : agent.last_seen_ms
          ? `, last seen ${ago(agent.last_seen_ms)} ago` : "")),
    waits(agent),
    (agent.reasons ?? []).length ? element("p", { class: "why" }, agent.reasons[0]) : null);
}

function alarmRow(alarm, redraw) {
  const open = !alarm.acknowledged_ms && !alarm.resolved_ms && alarm.kind !== "fleet" && alarm.kind !== "group";
  return element("li", {},
    element("div", { class: "row" },
      element("span", { class: "name" }, alarm.agent === null || alarm.agent === undefined ? `the ${alarm.kind}` : link(alarm.agent)),
      element("span", { class: `badge ${open ? "alarm" : "quiet"}` },
        alarm.provisional ? "while it runs" : open ? "open" : "noted"),
      element("span", {}, time(alarm.at_ms)),
      element("span", { class: "soft" }, alarm.run === null || alarm.run === undefined ? "" : `run ${alarm.run}`)),
    element("p", { class: "why" }, alarm.why ?? alarm.says),
    alarm.scores ? element("p", { class: "why" }, alarm.scores.says) : null,
    element("p", { class: "soft" }, `Promise: ${alarm.promise} (${alarm.source})`),
    open && alarm.provisional ? element("p", { class: "soft" }, "The run is still open: if it ends as bad as it is, it alarms again.") : null,
    open ? element("button", {
      type: "button", "aria-label": `Take note of alarm ${alarm.id}`,
      onclick: async (event) => {
        event.target.disabled = true;
        try { await api.acknowledge(alarm.id); } catch (problem) { event.target.after(problemBox(problem)); return; }
        redraw();
      },
    }, "Take note") : null);
}

const SEND = `curl -X POST ${location.origin}${location.pathname}v1/observations \\
  -H 'Content-Type: application/json' \\
  -d '{"observations": [{"agent": "mail", "run": "1", "score": 1.25}]}'`;

const nothing = () => empty(
  element("p", {}, "No agent has been heard of yet. Send an observation, or point an OpenTelemetry exporter at v1/traces:"),
  element("pre", {}, SEND));

async function fleet(redraw) {
  const [all, alarmed] = await Promise.all([api.fleet(), api.agents({ state: "alarm", limit: PAGE })]);
  const count = (name, label, kind) => element("div", { class: kind }, element("dt", {}, label), element("dd", {}, number(all[name])));
  const headline = all.agents === 0 ? "No agent yet"
    : all.alarm === 0 ? `No alarm stands: ${number(all.quiet)} of ${number(all.agents)} agents behave as they did`
      : `${number(all.alarm)} of ${number(all.agents)} agents no longer behave as they did`;
  return [element("h1", {}, headline),
    all.volatile ? element("p", { class: "problem" }, "This service keeps nothing on disk (--volatile).") : null,
    element("dl", { class: "tiles" }, count("quiet", "behave", "quiet"), count("alarm", "do not", "alarm"), count("learning", "still learning", "learning")),
    all.held_up ? element("p", { class: "problem" }, `Runs of ${all.held_up === 1 ? "an agent" : `${number(all.held_up)} agents`} wait for one that has not ended, and are not judged: see `, element("a", { href: "#/agents" }, "Agents"), ".") : null,
    all.agents === 0 ? nothing() : [
      element("h2", {}, "Who does not, and since when"),
      alarmed.agents.length ? rows(alarmed.agents, agentRow) : empty(element("p", {}, "Nobody. An alarm shows here within a second of the step that raised it.")),
    ],
    element("h2", {}, "What is promised"),
    facts([["promise", all.promise],
      ...(all.views ?? []).map((one) => [one.name ?? one.view ?? "view", Object.entries(one).filter(([name]) => name !== "name" && name !== "view").map(([, value]) => value).join("; ")]),
      ["named by the fleet's reading", (all.named ?? []).length ? all.named.join(", ") : undefined],
      ["records taken", number(all.position)], ["digest of the state", all.digest]])];
}

async function agents(redraw, asked) {
  const state = asked.get("state") ?? "", after = asked.get("after") ?? "";
  const found = await api.agents({ state, after, limit: PAGE });
  const choose = (event) => { location.hash = event.target.value ? `#/agents?state=${event.target.value}` : "#/agents"; };
  const next = new URLSearchParams({ ...(state && { state }), after: found.next ?? "" });
  return [element("h1", {}, "Agents"),
    element("form", { onsubmit: (event) => event.preventDefault() },
      element("label", {}, "Show", element("select", { onchange: choose },
        [["", "all"], ...Object.entries(STATES)].map(([value, words]) => element("option", { value, selected: value === state }, words))))),
    found.agents.length ? rows(found.agents, agentRow)
      : state || after ? empty(element("p", {}, "No agent is in this state.")) : nothing(),
    found.next ? element("p", {}, element("a", { href: `#/agents?${next}` }, "More agents")) : null];
}

async function agent(redraw, name) {
  const one = await api.agent(name);
  const history = one.history ?? [], alarms = one.alarms ?? [];
  return [element("h1", {}, String(one.agent)),
    element("p", {}, badge(one), one.state === "alarm" && one.since_ms ? [" since ", time(one.since_ms)] : ""),
    waits(one), (one.reasons ?? []).map((words) => element("p", { class: "why" }, words)),
    history.length ? curve(history, one.threshold_bits, alarms)
      : empty(element("p", {}, `None of its ${number(one.runs)} runs has been judged yet: the first ones are its history.`)),
    facts([["statistic", bits(one.statistic_bits)], ["threshold", bits(one.threshold_bits)], ["runs", number(one.runs)],
      ["last seen", time(one.last_seen_ms)], ["promise", one.promise], ["source of the evidence", one.source]]),
    element("h2", {}, "Alarms"),
    alarms.length ? rows(alarms, (alarm) => alarmRow(alarm, redraw)) : empty(element("p", {}, "This agent has raised no alarm.")),
    history.length ? [element("h2", {}, "Runs"),
      element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Runs, newest first" },
        element("table", {}, element("thead", {}, element("tr", {}, ["run", "when", "score", "statistic, bits"].map((words, place) => element("th", { scope: "col", class: place > 1 ? "number" : null }, words)))),
          element("tbody", {}, history.slice(-PAGE).reverse().map((run) => element("tr", {},
            element("td", {}, String(run.run)), element("td", {}, time(run.at_ms)),
            element("td", { class: "number" }, run.score === null || run.score === undefined ? "none" : run.score.toFixed(3)),
            element("td", { class: "number" }, run.statistic_bits === null ? "none" : run.statistic_bits.toFixed(2)))))))] : null];
}

async function alarms(redraw, asked) {
  const found = await api.alarms({ after: asked.get("after") ?? 0, limit: PAGE, newest: asked.has("after") ? "" : 1 });
  const list = [...found.alarms].sort((one, other) => other.id - one.id);
  return [element("h1", {}, "Alarms"),
    list.length ? rows(list, (alarm) => alarmRow(alarm, redraw)) : empty(element("p", {}, "No alarm has been raised."))];
}

// Where a hash leads: [name for the navigation, function that gives the content].
export function viewOf(hash) {
  const [path, asked = ""] = hash.replace(/^#\/?/, "").split("?");
  const [first, ...rest] = path.split("/");
  const search = new URLSearchParams(asked);
  if (first === "agents" && rest.length) return ["agents", (redraw) => agent(redraw, decodeURIComponent(rest.join("/")))];
  if (first === "agents") return ["agents", (redraw) => agents(redraw, search)];
  if (first === "alarms") return ["alarms", (redraw) => alarms(redraw, search)];
  if (first === "sources") return ["sources", (redraw) => sources(redraw, search)];
  if (first === "devices") return ["devices", devices];
  return ["", fleet];
}
