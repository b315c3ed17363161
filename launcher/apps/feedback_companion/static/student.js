import { own, reactions } from "./student-own.js";
import { askPrivate } from "./student-private.js";
import { ask, element, find, findAll, follow, Refused, say, sendForm, showProblem } from "./classroom/base.js";

const DRAFT = "feedback-companion-draft";
const sections = ["notice", "write", "wait", "feedback"];
const main = find("#main");
const fields = { text: find("#text"), question: find("#question") };
let withAi = true;
let kept = 0;
let shown = "";
let choosing = "notice";
let sending = false;
let lastFeedback = "";

// A little more than may be sent, so that the app sees that it is too long and says where it stops.
const textToSend = () => fields.text.value.slice(0, Number(fields.text.dataset.longest) + 1000);
const countWords = () => fields.text.value.trim().split(/\s+/).filter(Boolean).length;
const language = () => find('input[name="lang"]:checked').value;

function show(name) {
  if (name === shown) return;
  const first = shown === "";
  shown = name;
  for (const id of sections) find(`#${id}`).hidden = id !== name;
  find("#leave").hidden = !(name === "wait" || name === "feedback");
  find("#sure").hidden = true;
  find("#withdraw").hidden = false;
  find("#problem").hidden = true;
  main.classList.toggle("reading", name === "feedback");
  if (!first) {
    scrollTo(0, 0);
    find("h1", find(`#${name}`)).focus({ preventScroll: true });
  }
}

// The draft stays on this device until it is handed in or withdrawn.

function keepDraft() {
  const draft = { text: fields.text.value, question: fields.question.value, withAi, lang: language() };
  try {
    localStorage.setItem(DRAFT, JSON.stringify(draft));
  } catch {
    // A private window may refuse; the text is still in the page.
  }
}

function dropDraft() {
  fields.text.value = fields.question.value = "";
  localStorage.removeItem(DRAFT);
  find("#count").textContent = "";
}

function restoreDraft() {
  try {
    const draft = JSON.parse(localStorage.getItem(DRAFT) ?? "null");
    if (!draft) return false;
    fields.text.value = draft.text ?? "";
    fields.question.value = draft.question ?? "";
    // Consent is asked again; only the words are kept.
    const choice = find(`input[name="lang"][value="${draft.lang === "en" ? "en" : "nl"}"]`);
    choice.checked = true;
    return Boolean(draft.text);
  } catch {
    return false;
  }
}

function choose(ai) {
  withAi = ai;
  choosing = "write";
  find("#mode-ai").hidden = !ai;
  find("#mode-no-ai").hidden = ai;
  find("#language").hidden = !ai;
  find("#message").hidden = true;
  show("write");
  measureSoon();
}

find("#with-ai").addEventListener("click", () => {
  const ticked = find("#opt-in").checked;
  find("#tick-first").hidden = ticked;
  if (ticked) choose(true);
  else find("#opt-in").focus();
});
find("#opt-in").addEventListener("change", () => { find("#tick-first").hidden = true; });
find("#without-ai").addEventListener("click", () => choose(false));
find("#change").addEventListener("click", () => {
  choosing = "notice";
  show("notice");
});

// Will it fit? Asked while typing, so that nobody hears it only after handing in.

let measuring = 0;
let timer = null;

function measureSoon() {
  clearTimeout(timer);
  const words = countWords();
  find("#count").textContent = words ? say("fc.write.words", { words }) : "";
  if (words) timer = setTimeout(() => measure().catch(() => {}), 600);
  else find("#too-long").hidden = true;
}

async function measure() {
  const mine = ++measuring;
  const fit = await ask("api/check", {
    text: textToSend(),
    own_question: fields.question.value,
    lang: language(),
    with_ai: withAi,
  });
  if (mine !== measuring) return fit.fits;
  kept = fit.kept_sentences;
  find("#too-long").hidden = fit.fits;
  find("#send-cut").hidden = !kept;
  if (fit.fits) {
    find("#count").textContent = `${say("fc.write.words", { words: fit.words })}. ${say("fc.write.fits")}`;
    return true;
  }
  find("#too-long-text").textContent = say("fc.write.too_long", { kept: fit.kept_words, words: countWords() });
  find("#last-kept").textContent = fit.last_kept;
  find("#first-lost").textContent = fit.first_lost;
  return false;
}

for (const field of Object.values(fields)) {
  field.addEventListener("input", () => {
    find("#privacy").hidden = true;
    keepDraft();
    measureSoon();
  });
}

find("#file").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  const notes = find("#file-notes");
  find("#problem").hidden = true;
  notes.hidden = false;
  notes.textContent = say("fc.write.reading");
  const form = new FormData();
  form.append("file", file, file.name);
  let read;
  try {
    read = await sendForm("api/upload", form);
  } catch (problem) {
    notes.hidden = true;
    showProblem(find("#problem"), problem instanceof Refused ? problem : { body: { message: say("fc.write.file_wrong") } });
    return;
  } finally {
    event.target.value = "";
  }
  notes.replaceChildren(...[say("fc.write.check_text"), ...read.notes].map((note) => element("p", {}, note)));
  fields.text.value = read.text;
  keepDraft();
  measureSoon();
  fields.text.focus();
});

async function send(onlyFirst) {
  if (sending) return;
  sending = true;
  clearTimeout(timer);
  const button = find("#send");
  button.disabled = true;
  find("#problem").hidden = true;
  find("#count").textContent = say("fc.sending");
  for (;;) {
    try {
      const chosen = await askPrivate({
        text: textToSend(), own_question: fields.question.value, lang: language(), with_ai: withAi,
      }, () => send(null));
      if (!chosen) {
        find("#count").textContent = "";
        break;
      }
      if (chosen.text !== undefined) {
        fields.text.value = chosen.text;
        fields.question.value = chosen.own_question;
        keepDraft();
      }
      if (onlyFirst === null && !(await measure())) {
        find("#too-long").scrollIntoView({ block: "center" });
        break;
      }
      const view = await ask("api/submit", {
        text: textToSend(),
        own_question: fields.question.value,
        lang: language(),
        with_ai: withAi,
        consent: withAi && find("#opt-in").checked,
        only_first: onlyFirst,
      });
      dropDraft();
      find("#offline").hidden = true;
      render(view);
      break;
    } catch (problem) {
      if (problem instanceof Refused) {
        showProblem(find("#problem"), problem);
        measureSoon();
        break;
      }
      find("#offline").hidden = false;
      await new Promise((resume) => setTimeout(resume, 3000));
    }
  }
  sending = false;
  button.disabled = false;
}

find("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  send(null);
});
find("#send-cut").addEventListener("click", () => send(kept));

// Withdraw

find("#withdraw").addEventListener("click", () => {
  find("#sure").hidden = false;
  find("#withdraw").hidden = true;
  find("#sure").focus();
});
find("#withdraw-no").addEventListener("click", () => {
  find("#sure").hidden = true;
  find("#withdraw").hidden = false;
  find("#withdraw").focus();
});
find("#withdraw-yes").addEventListener("click", async () => {
  try {
    const view = await ask("api/withdraw", {});
    dropDraft();
    find("#opt-in").checked = false;
    choosing = "notice";
    render(view);
    const message = find("#message");
    message.textContent = say("fc.withdraw.done");
    message.hidden = false;
  } catch (problem) {
    showProblem(find("#problem"), problem);
  }
});

// What the student sees

function render(view) {
  if (view.state === "none") {
    if (!sending) show(choosing);
    return;
  }
  if (view.state === "released") {
    renderFeedback(view);
    show("feedback");
    return;
  }
  // Unchanged sentences are left alone, so that a screen reader does not repeat them.
  const put = (id, text) => { if (find(id).textContent !== text) find(id).textContent = text; };
  put("#headline", view.headline);
  put("#explanation", view.explanation);
  const at = { queued: 0, working: 1, review: 2 }[view.state];
  findAll(".steps li").forEach((step, index) => {
    step.className = index < at ? "done" : index === at ? "now breathing" : "";
  });
  show("wait");
}

function renderFeedback(view) {
  // What the student writes here is not drawn again while they write it.
  const now = JSON.stringify({ ...view, own: null });
  if (now === lastFeedback) return;
  lastFeedback = now;
  find("#feedback-headline").textContent = view.headline;
  find("#feedback-explanation").textContent = view.explanation;
  const order = view.feedback.paragraphs.flat().map((piece) => piece.id);
  const comments = [...view.feedback.comments].sort(
    (a, b) => order.indexOf(a.sentence_id) - order.indexOf(b.sentence_id),
  );
  comments.forEach((comment, index) => { comment.number = index + 1; });
  find("#feedback-text").replaceChildren(
    ...view.feedback.paragraphs.map((pieces) => block(pieces, comments, view.own.reactions)),
  );
  own(view.own);
}

function block(pieces, comments, reacted) {
  const ids = new Set(pieces.map((piece) => piece.id));
  const mine = comments.filter((comment) => ids.has(comment.sentence_id));
  const sentence = (id) => pieces.find((piece) => piece.id === id).text;
  return element(
    "div",
    { class: "block" },
    element("p", {}, ...pieces.flatMap((piece) => marked(piece, mine))),
    element("div", {}, ...mine.map((comment) => card(comment, sentence(comment.sentence_id), reacted[comment.id]))),
  );
}

function marked(piece, comments) {
  const own = comments.filter((comment) => piece.id && comment.sentence_id === piece.id);
  if (!own.length) return [piece.text];
  const refs = own.map(({ number }) =>
    element(
      "a",
      { href: `#comment-${number}`, class: "ref", "aria-label": say("fc.feedback.see_comment", { number }) },
      String(number),
    ));
  return [element("mark", {}, piece.text), ...refs];
}

function card(comment, sentence, reacted) {
  return element(
    "article",
    { class: "comment", id: `comment-${comment.number}`, tabindex: "-1" },
    element("p", { class: "what" },
      element("strong", {}, `${comment.number}. `),
      [comment.criterion, comment.ai_generated ? comment.kind_label : ""].filter(Boolean).join(" · ")),
    element("span", { class: "visually-hidden" }, say("fc.feedback.about", { sentence })),
    element("p", {}, [comment.observation, comment.effect].filter(Boolean).join(" ")),
    comment.next_step ? element("p", { class: "step" }, comment.next_step) : "",
    element("p", { class: "who" }, comment.label),
    ...reactions(comment, reacted),
  );
}

if (restoreDraft()) {
  const message = find("#message");
  message.textContent = say("fc.write.draft_kept");
  message.hidden = false;
}

follow("api/events", "api/me", {
  onValue: render,
  onOnline: (online) => { find("#offline").hidden = online; },
});
