// Who speaks to the service: reporters that contradict the others, and shards with their ages.

import * as api from "./api.js";
import { ago, element, empty, facts, number, rows, time } from "./dom.js";

const PAGE = 100;
const SHARD = { present: "quiet", silent: "alarm", refused: "alarm", "not heard of": "learning" };

function reporterRow(one) {
  const against = one.against.slice(0, 3).map((other) => `${other.reporter} (${number(other.times)})`).join(", ");
  return element("li", {},
    element("div", { class: "row" },
      element("span", { class: "name" }, String(one.reporter)),
      element("span", { class: `badge ${one.contradicting ? "alarm" : "quiet"}` }, one.contradicting ? "contradicts" : "agrees"),
      element("span", {}, `the opposite in ${number(one.contradicts)} of ${number(one.compared)}`),
      element("span", { class: "soft" }, `last spoke ${ago(one.last_seen_ms)} ago`)),
    element("p", { class: "soft" },
      `Alone ${number(one.alone)} times; outside of what an honest median can be in ${number(one.outside)} of ${number(one.reports)} runs`,
      against ? `; most often against ${against}` : "", "."));
}

function reporterPart(all, named, others) {
  if (all.faulty === null)
    return empty(element("p", {}, "Each row is taken for the truth about its run. To let several reporters speak of a run, of whom some may lie, start the service with --faulty F --reporters N."));
  const few = all.runs_too_few_reported ? `${number(all.runs_too_few_reported)} had more silent reporters than that and bring no evidence` : undefined;
  return [
    named.length ? rows(named, reporterRow)
      : empty(element("p", {}, others.length ? "Nobody contradicts the others more often than chance allows." : "No reporter has spoken yet.")),
    facts([["allowed to lie or be silent", `${number(all.faulty)} of ${number(all.enrolled)} reporters of each agent`],
      ["outside, if all are honest", `${number(all.enrolled - 2 * all.faulty - 1)} of ${number(all.enrolled)} reports of a run`],
      ["reporters that have spoken", number(all.known)], ["runs that lack reports", number(all.open_runs)], ["runs", few]]),
    others.length ? [element("h3", {}, "All reporters"), rows(others, reporterRow)] : null,
    all.next ? element("p", {}, element("a", { href: `#/sources?after=${all.next}` }, "More reporters")) : null];
}

const age = (milliseconds) => (milliseconds < 60000 ? `${(milliseconds / 1000).toFixed(1)} s` : ago(Date.now() - milliseconds));

function shardRow(one, expected) {
  const said = one.version === undefined ? ""
    : `version ${number(one.version)} of incarnation ${one.incarnation}, ${number(one.agents)} agents, ${number(one.rows)} rows`
      + `${one.complete ? ", complete" : ""}${one.volatile ? ", keeps nothing" : ""}`;
  return element("li", {},
    element("div", { class: "row" },
      element("span", { class: "name" }, `shard ${one.shard} of ${expected ?? "an unknown number"}`),
      element("span", { class: `badge ${SHARD[one.state]}` }, one.state),
      element("span", {}, one.age_ms === null ? "" : `heard ${age(one.age_ms)} ago`),
      element("span", { class: "soft" }, said)),
    one.reason ? element("p", { class: "why" }, `Refused: ${one.reason}`) : null);
}

function shardPart(all) {
  if (all.nats === null)
    return empty(element("p", {}, "This service judges alone: no shard sends states to it. To watch the shards of a plane, start it with --nats URL and --roster DIR."));
  const server = all.nats.connected ? null : element("p", { class: "problem" },
    `The NATS server at ${all.nats.url} is gone since `, time(all.nats.since_ms), ". Ages grow until it is back; all else goes on.");
  return [server,
    all.shards.length ? rows(all.shards, (one) => shardRow(one, all.expected))
      : empty(element("p", {}, "No shard was heard of yet: start consilience node with the same server.")),
    all.next ? element("p", {}, element("a", { href: `#/sources?shard=${all.next}` }, "More shards")) : null,
    facts([["shards present", `${number(all.present)} of ${all.expected === null ? "an unknown number" : number(all.expected)}`],
      ["server", all.nats.url], ["connected since", all.nats.connected ? time(all.nats.since_ms) : undefined],
      ["states are", all.signed ? "signed by members" : "unsigned: whoever reaches the server can forge them"]])];
}

export async function sources(redraw, asked) {
  const [all, some, shards] = await Promise.all([
    api.reporters({ limit: PAGE, after: asked.get("after") ?? "" }), api.reporters({ contradicting: true, limit: PAGE }),
    api.shards({ limit: PAGE, after: asked.get("shard") ?? "" })]);
  const others = all.reporters.filter((one) => !one.contradicting);
  return [element("h1", {}, "Reporters and shards"),
    element("h2", {}, "Reporters that contradict the others"), reporterPart(all, some.reporters, others),
    element("h2", {}, "Shards"), shardPart(shards)];
}
