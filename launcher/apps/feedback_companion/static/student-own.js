// What a student does with the feedback: choices, questions back, a second version.
import { ask, element, find, Refused, say, showProblem } from "./classroom/base.js";

async function attempt(action) {
  try {
    return await action();
  } catch (problem) {
    showProblem(find("#problem"), problem);
    find("#problem").scrollIntoView({ block: "center" });
    return null;
  }
}

/** The parts below a comment: ask more, choose, rate. */
export function reactions(comment, saved = { decision: "", because: "", rating: "" }) {
  const now = { ...saved };
  const status = element("p", { class: "small soft", role: "status" });
  const because = element("input", { type: "text", maxlength: "300", "aria-label": say("fc.react.because"), placeholder: say("fc.react.because") });
  because.value = now.because;
  because.hidden = now.decision !== "do_not";
  const save = async () => {
    const done = await attempt(() => ask("api/react", { comment_id: comment.id, ...now }));
    status.textContent = done ? say("fc.react.saved") : "";
  };
  because.addEventListener("change", () => {
    now.because = because.value;
    save();
  });
  const group = (title, name, values) => {
    const buttons = values.map((value) => element("button", {
      type: "button", class: "quiet", "aria-pressed": String(now[name] === value),
      on: { click: () => {
        now[name] = now[name] === value ? "" : value;
        buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(now[name] === values[at])));
        because.hidden = now.decision !== "do_not";
        if (value === "do_not" && !because.hidden) because.focus();
        save();
      } },
    }, say(`fc.react.${value}`)));
    return element("fieldset", {}, element("legend", {}, title), element("div", { class: "buttons" }, ...buttons));
  };
  return [
    more(comment.more),
    element("div", { class: "react" },
      group(say("fc.react.choice"), "decision", ["do", "do_not"]),
      because,
      group(say("fc.react.rating"), "rating", ["useful", "wrong", "unclear"]),
      status),
  ];
}

// Every answer was written by the teacher, or comes with the assignment: the model says nothing new.
function more(answers) {
  const answer = element("p", { class: "answer", role: "status", hidden: true });
  const asked = {};
  const buttons = Object.entries(answers).filter(([, texts]) => texts.some(Boolean)).map(([kind, texts]) =>
    element("button", { type: "button", class: "quiet", on: { click: () => {
      asked[kind] = asked[kind] === undefined ? 0 : (asked[kind] + 1) % texts.length;
      answer.textContent = texts[asked[kind]];
      answer.hidden = false;
    } } }, say(`fc.more.${kind}`)));
  return buttons.length ? element("div", { class: "more" }, element("div", { class: "buttons" }, ...buttons), answer) : "";
}

/** The second version with its changes, and the reflection. */
export function own(kept) {
  find("#version-2").value = kept.version_2 || kept.text;
  find("#reflection").value = kept.reflection;
  find("#client-said").value = kept.client_said;
  changes(kept.changes);
}

function changes(pieces) {
  find("#changes").hidden = !pieces.some((piece) => piece.kind !== "same");
  const tags = { same: "span", removed: "del", added: "ins" };
  find("#changes-text").replaceChildren(...pieces.map(({ kind, text }) =>
    element(tags[kind], kind === "same" ? {} : { title: say(`fc.own.${kind}`) }, text)));
}

const written = ["#version-2", "#reflection", "#client-said"].map((field) => find(field));
const PAUSE_MS = 1500;
const AGAIN_MS = 4000;
let saving = null;
let over = false;

function save() {
  saveLater(null);
  const [version_2, reflection, client_said] = written.map((field) => field.value);
  return ask("api/own-work", { version_2, reflection, client_said });
}

function saved(done) {
  find("#own-saved").textContent = say("fc.own.saved");
  changes(done.changes);
}

// Half an hour of work must not be gone with a page that was closed, or with the connection.
async function saveByItself() {
  try {
    saved(await save());
  } catch (problem) {
    saveLater(problem instanceof Refused ? null : AGAIN_MS);
  }
}

function saveLater(pause) {
  clearTimeout(saving);
  if (pause !== null && !over) saving = setTimeout(saveByItself, pause);
}
addEventListener("over", () => {
  over = true;
  saveLater(null);
});

for (const field of written) {
  field.addEventListener("input", () => {
    find("#own-saved").textContent = "";
    saveLater(PAUSE_MS);
  });
}

find("#save-own").addEventListener("click", async () => {
  const done = await attempt(save);
  if (done) saved(done);
  else saveLater(AGAIN_MS);
});
