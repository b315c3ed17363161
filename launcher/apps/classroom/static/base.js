// Shared by the pages of the built-in apps. Text from people and models only ever becomes text nodes.

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

const texts = JSON.parse(find("#texts")?.textContent ?? "{}");

/** A sentence in the reader's language, with its {names} filled in. */
export function say(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/** An element with attributes and children; strings become text nodes. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}

/** An answer that says no: `body` is {code, message, advice}. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.code ?? String(status));
    this.status = status;
    this.body = body;
  }
}

/** Ask the app; throws Refused for an answer that says no and TypeError without a connection. */
export async function ask(url, body, method = body === undefined ? "GET" : "POST") {
  return answered(await fetch(url, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  }));
}

/** Send a form with a file; answers as `ask` does. */
export async function sendForm(url, form) {
  return answered(await fetch(url, { method: "POST", body: form }));
}

async function answered(response) {
  const type = response.headers.get("content-type") ?? "";
  const answer = type.includes("json") ? await response.json() : null;
  if (response.ok) return answer;
  // The gateway answers with a page or nothing while the app restarts: the same as no connection.
  if (response.status >= 502 && !answer?.error) throw new TypeError("no connection");
  throw new Refused(response.status, answer?.error);
}

/** Show a problem in `box`, and read it aloud. What is no answer at all is a lost connection. */
export function showProblem(box, problem) {
  const kind = problem instanceof Refused ? "bug" : "offline";
  box.replaceChildren(
    element("p", {}, element("strong", {}, problem.body?.message ?? say(`fc.error.${kind}.message`))),
    element("p", {}, problem.body ? problem.body.advice : say(`fc.error.${kind}.advice`)),
  );
  box.hidden = false;
  box.focus?.();
}

/** Whether the lesson itself says that this browser does not take part (any more). */
const isSentAway = (problem) => problem instanceof Refused
  && [401, 403].includes(problem.status) && Boolean(problem.body?.code?.startsWith("gateway."));

/**
 * Follow live values: server-sent events, and asking every few seconds when they do not come.
 * `onOver` is the end of the lesson: after that nothing is asked any more.
 */
export function follow(eventsUrl, valueUrl, { onValue, onOnline, onOver, onSentAway = () => {} }) {
  let source = null;
  let asking = null;
  let over = false;
  const isHere = (here) => onOnline(here);
  const poll = async () => {
    try {
      const value = await ask(valueUrl);
      if (over) return;
      onValue(value);
      isHere(true);
    } catch (problem) {
      if (over) return;
      if (isSentAway(problem)) onSentAway();
      else isHere(false);
    }
    if (source === null || source.readyState === EventSource.CLOSED) open();
    asking = setTimeout(poll, 4000);
  };
  const open = () => {
    source = new EventSource(eventsUrl);
    source.onmessage = (event) => {
      clearTimeout(asking);
      asking = null;
      isHere(true);
      onValue(JSON.parse(event.data));
    };
    source.addEventListener("over", () => {
      over = true;
      source.close();
      clearTimeout(asking);
      onOver();
    });
    source.onerror = () => {
      if (asking === null && !over) asking = setTimeout(poll, 1000);
    };
  };
  open();
}
