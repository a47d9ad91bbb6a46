// The service's API, version 1, and its alarms as they are raised.

export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail ? `${title}: ${detail}` : title);
    this.status = status;
  }
}

async function answered(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store", ...options });
  } catch {
    throw new Problem(0, "The service does not answer", "it is tried again every few seconds");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, body.title || `HTTP ${answer.status}`, body.detail);
  return body;
}

const query = (asked) => new URLSearchParams(Object.entries(asked).filter(([, one]) => one !== "" && one !== null));

export const fleet = () => answered("v1/fleet");
export const status = () => answered("v1/status");
export const agents = (asked) => answered(`v1/agents?${query(asked)}`);
export const agent = (name) => answered(`v1/agents/${encodeURIComponent(name)}`);
export const reporters = (asked) => answered(`v1/reporters?${query(asked)}`);
export const shards = (asked) => answered(`v1/shards?${query(asked)}`);
export const devices = () => answered("v1/devices");
export const alarms = (asked) => answered(`v1/alarms?${query(asked)}`);

export const validate = (backend) => answered(`v1/validate?${query({ backend })}`, { method: "POST" });

export const acknowledge = (alarm) => answered(`v1/alarms/${alarm}/acknowledge`, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: "{}",
});

// Calls back with each alarm after a number, and with whether the stream is open; taken up again
// after the last alarm that came (EventSource does so by itself).
export function follow(after, onAlarm, onState) {
  const source = new EventSource(`v1/alarms/stream?after=${after}`);
  source.addEventListener("open", () => onState(true));
  source.addEventListener("error", () => onState(false));
  const take = (event) => { if (event.data) onAlarm(JSON.parse(event.data)); };
  source.addEventListener("message", take);
  source.addEventListener("alarm", take);
}
