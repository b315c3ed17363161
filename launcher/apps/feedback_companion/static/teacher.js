import { ask, element, find, findAll, follow, say, showProblem } from "./classroom/base.js";
import { startActivity } from "./teacher-activity.js";
import { loadBank, redraw, reviewSide } from "./teacher-review.js";
import "./teacher-controls.js";

const views = ["class", "all", "overview", "activity"];
let overview = { texts: [], counts: {}, paused: false };
let chosen = "";
let chosenRevision = -1;
let allShown = "";

/** Do something and show what the app says when it refuses. */
export async function attempt(action) {
  find("#problem").hidden = true;
  try {
    return await action();
  } catch (problem) {
    showProblem(find("#problem"), problem);
    return null;
  }
}

function tell(text) {
  find("#message").textContent = text;
  find("#message").hidden = !text;
}

function go() {
  const wanted = location.hash.slice(1);
  const view = views.includes(wanted) ? wanted : "class";
  for (const id of views) {
    find(`#${id}`).hidden = id !== view;
    const link = find(`#nav-${id}`);
    if (id === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  find("#problem").hidden = true;
  tell("");
  if (view === "all") renderAll();
  if (view === "activity") startActivity(attempt, tell);
}
addEventListener("hashchange", go);

function render(value) {
  overview = value;
  find("#counts").textContent = say("fc.teacher.counts", value.counts);
  find("#pause").textContent = say(value.paused ? "fc.teacher.resume" : "fc.teacher.pause");
  find("#dropped").textContent = value.dropped_sentence;
  find("#dropped").hidden = !value.dropped_sentence;
  find("#review-count").textContent = value.counts.review;
  find("#review-count").hidden = !value.counts.review;
  notice([
    value.engine_lost ? say("fc.teacher.engine_lost") : value.paused ? say("fc.teacher.paused") : "",
    value.auto_release ? say("fc.teacher.auto_on") : "",
  ].filter(Boolean).join(" "));
  dispatchEvent(new CustomEvent("overview", { detail: value }));
  renderList();
  renderClass(value.class);
  const row = value.texts.find((text) => text.id === chosen);
  if (chosen && !row) {
    chosen = "";
    find("#text-view").replaceChildren();
  } else if (row && row.revision !== chosenRevision && !isEditing(find("#text-view"))) open(chosen);
  renderNewer();
}

const isEditing = (box) => findAll("textarea", box).some((field) => field.value !== field.defaultValue);

function notice(text) {
  const box = find("#notice");
  if (box.textContent !== text) box.textContent = text;
  box.hidden = !text;
}

function renderClass(counts) {
  find("#class-sentence").textContent = counts.sentence;
  find("#class-reactions").textContent = counts.reactions;
  const kinds = ["strength", "improve", "question"];
  const cell = (tag, text) => element(tag, tag === "th" ? { scope: "col" } : {}, String(text));
  find("#class-goals").hidden = !counts.goals.length;
  find("#class-goals").replaceChildren(
    element("tr", {}, cell("th", say("fc.class.criterion")), ...kinds.map((kind) => cell("th", say(`fc.kind.${kind}`)))),
    ...counts.goals.map((goal) => element("tr", {}, element("th", { scope: "row" }, goal.criterion), ...kinds.map((kind) => cell("td", goal[kind])))),
  );
}

function renderList() {
  const list = find("#texts-list");
  const focused = document.activeElement?.dataset?.id;
  find("#nobody").hidden = overview.texts.length > 0;
  find("#choose")?.toggleAttribute("hidden", !overview.texts.length);
  list.replaceChildren(...overview.texts.map((text) =>
    element("li", {},
      element("button", {
        type: "button", class: text.state, "data-id": text.id,
        "aria-current": text.id === chosen ? "true" : null,
        on: { click: () => goTo(text.id) },
      },
      element("strong", {}, text.nickname || "–"),
      element("span", { class: "small soft" }, [text.note, text.with_ai ? "" : say("fc.teacher.without_ai"), text.state === "review" && text.unsure ? say("fc.teacher.unsure") : ""].filter(Boolean).join(" · "))))));
  if (focused) findAll("button", list).find((button) => button.dataset.id === focused)?.focus();
}

async function open(id) {
  chosen = id;
  renderList();
  await loadBank();
  const text = await attempt(() => ask(`api/submissions/${id}`));
  if (text) show(text);
}

/** Open a text and go there, also with the keyboard and where the list stands above it. */
async function goTo(id) {
  await open(id);
  if (chosen !== id) return;
  const view = find("#text-view");
  find("h1", view)?.focus({ preventScroll: true });
  if (matchMedia("(max-width: 50rem)").matches || view.getBoundingClientRect().top < 0) view.scrollIntoView();
}

// An answer can come later than the event that tells of something newer.
const isOld = (text) => overview.texts.some((row) => row.id === text.id && row.revision > text.revision);

function show(text) {
  if (text.id !== chosen) return; // Another text was opened while this was asked.
  if (isOld(text)) return void open(text.id);
  chosenRevision = text.revision;
  const undecided = [...text.comments, ...text.steps].some((comment) => comment.state === "draft");
  const release = async () => {
    const done = await attempt(() => ask("api/release", { texts: { [text.id]: text.revision }, approve_drafts: true }));
    if (done) {
      tell(say("fc.teacher.released"));
      render(done);
      const next = done.texts.find((row) => row.state === "review");
      goTo(next ? next.id : text.id);
    }
  };
  const skip = async () => {
    const done = await attempt(() => ask(`api/submissions/${text.id}/skip`, {}));
    if (done) show(done);
  };
  redraw(
    find("#text-view"),
    ...reviewSide(text, { attempt, onChange: show }),
    text.state === "queued"
      ? element("button", { type: "button", class: "quiet", id: "skip", on: { click: skip } }, say("fc.teacher.skip"))
      : "",
    text.state === "review"
      ? element("button", { type: "button", class: "main", id: "release", on: { click: release } }, say(undecided ? "fc.teacher.release" : "fc.teacher.release_decided"))
      : "",
  );
}

// Approving many at once still shows every text, and releases exactly what was shown.

function renderNewer() {
  if (!find("#all").hidden && !isEditing(find("#all-texts"))) renderAll();
}

async function renderAll() {
  const ready = overview.texts.filter((text) => text.state === "review");
  const now = JSON.stringify(ready.map((text) => [text.id, text.revision]));
  if (now === allShown && find("#all-texts").childElementCount === ready.length) return;
  await loadBank();
  const texts = await attempt(() => Promise.all(ready.map((row) => ask(`api/submissions/${row.id}`))));
  if (!texts) return;
  allShown = now;
  find("#all-empty").hidden = texts.length > 0;
  const seen = new Map();
  const place = (text, box) => {
    seen.set(text.id, text.revision);
    if (isOld(text)) allShown = "";
    redraw(box, ...reviewSide(text, { attempt, onChange: (changed) => { place(changed, box); renderNewer(); } }));
    return box;
  };
  find("#all-texts").replaceChildren(...texts.map((text) => place(text, element("article"))));
  if (!allShown) renderNewer();
  const button = find("#release-all");
  button.hidden = !texts.length;
  button.textContent = texts.length === 1
    ? say("fc.teacher.release_one")
    : say("fc.teacher.release_all", { count: texts.length });
  button.onclick = async () => {
    const done = await attempt(() => ask("api/release", { texts: Object.fromEntries(seen), approve_drafts: true }));
    if (done) tell(say(texts.length === 1 ? "fc.teacher.released" : "fc.teacher.released_many"));
    allShown = "";
    if (done) render(done);
  };
}

addEventListener("decided", (event) => render(event.detail));

go();
follow("api/events", "api/status", {
  onValue: render,
  onOnline: (online) => { if (!online) notice(say("fc.teacher.offline")); },
  onOver: () => notice(say("fc.teacher.over")),
});
