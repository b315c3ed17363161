// What the teacher decides about the whole class: pause, close, more time, stop, release unseen.
import { ask, find, say, showProblem } from "./classroom/base.js";

let now = { paused: false, locked: false, auto_release: false };

async function decide(url, body) {
  find("#problem").hidden = true;
  try {
    const value = await ask(url, body);
    dispatchEvent(new CustomEvent("decided", { detail: value }));
    return value;
  } catch (problem) {
    showProblem(find("#problem"), problem);
    return null;
  }
}

addEventListener("overview", ({ detail }) => {
  now = detail;
  find("#lock").textContent = say(now.locked ? "fc.teacher.unlock" : "fc.teacher.lock");
  find("#closing").textContent = now.closing;
  find("#closing").hidden = !now.closing;
  find("#auto-on").hidden = now.auto_release;
  find("#auto-off").hidden = !now.auto_release;
});

find("#pause").addEventListener("click", () => decide("api/pause", { paused: !now.paused }));
find("#lock").addEventListener("click", () => decide("api/close", { minutes: now.locked ? null : 0 }));
find("#extend").addEventListener("click", () => decide("api/extend", { minutes: 5 }));

const sure = find("#stop-sure");
find("#stop").addEventListener("click", () => {
  sure.hidden = false;
  sure.focus();
});
find("#stop-no").addEventListener("click", () => {
  sure.hidden = true;
  find("#stop").focus();
});
find("#stop-yes").addEventListener("click", async () => {
  if (!(await decide("api/stop", {}))) return;
  sure.hidden = true;
  find("#message").textContent = say("fc.teacher.stopped");
  find("#message").hidden = false;
});

find("#auto-on").addEventListener("click", () =>
  decide("api/auto-release", { on: true, understood: find("#auto-understood").checked }));
find("#auto-off").addEventListener("click", async () => {
  if (await decide("api/auto-release", { on: false })) find("#auto-understood").checked = false;
});
