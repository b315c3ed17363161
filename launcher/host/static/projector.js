// Shows how to join, as it is now.
"use strict";

const LOOK_EVERY_MS = 1500;
const find = (id) => document.getElementById(id);
let shown = "";
let step = "wifi";
let last = null;

const text = (id, value) => {
  const element = find(id);
  element.hidden = value === null;
  if (element.textContent !== (value ?? "")) {
    element.textContent = value ?? "";
  }
};

const draw = (state) => {
  last = state;
  text("url", state.url);
  text("code", state.code);
  text("joined", state.joined);
  text("left", state.left);
  text("alarm", state.alarm);
  text("admit", state.waiting);
  const lock = find("lock");
  lock.setAttribute("aria-pressed", String(state.locked));
  lock.textContent = state.locked ? lock.dataset.unlock : lock.dataset.lock;
  document.body.classList.toggle("locked", state.locked);
  const wifi = state.wifi !== null && step === "wifi";
  const steps = find("steps");
  steps.hidden = state.wifi === null;
  steps.textContent = wifi ? steps.dataset.join : steps.dataset.wifi;
  const caption = find("caption").dataset;
  const words = state.wifi === null ? caption.join : wifi ? caption.wifi : caption.then;
  text("caption", words);
  const picture = `/projector/${wifi ? "wifi" : "join"}.svg?${state.version}`;
  if (picture !== shown) {
    shown = picture;
    find("qr").src = picture;
  }
};

const look = async () => {
  try {
    const answer = await fetch("/projector/state");
    if (answer.status === 401) {
      location.replace("/projector/open");
      return;
    }
    draw(await answer.json());
  } catch {
    text("alarm", find("board").dataset.offline);
  }
};

const act = async (what) => {
  try {
    await fetch("/projector/do", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ do: what }),
    });
  } finally {
    await look();
  }
};

find("lock").addEventListener("click", () => act(last?.locked ? "unlock" : "lock"));
find("new-code").addEventListener("click", () => act("new-code"));
find("admit").addEventListener("click", () => act("admit"));
find("steps").addEventListener("click", () => {
  step = step === "wifi" ? "join" : "wifi";
  draw(last);
});
find("full").addEventListener("click", () => {
  if (document.fullscreenElement) {
    document.exitFullscreen();
  } else {
    document.documentElement.requestFullscreen();
  }
});
look();
setInterval(look, LOOK_EVERY_MS);
