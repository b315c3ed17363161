import { own, reactions } from "./student-own.js";
import { dropDraft, fields, keepDraft, reflect, restoreDraft, wholeText } from "./student-draft.js";
import "./student-portfolio.js";
import { askPrivate } from "./student-private.js";
import { ask, element, find, findAll, follow, Refused, say, sendForm, showProblem } from "./classroom/base.js";

const sections = ["notice", "write", "wait", "feedback"];
const main = find("#main");
let withAi = true;
let kept = 0;
let shown = "";
let choosing = "notice";
let sending = false;
let lastFeedback = "";
let lostSince = 0;
const FORGET_AFTER_MS = 15 * 60 * 1000;

// A little more than may be sent, so that the app sees that it is too long and says where it stops.
const textToSend = () => wholeText().slice(0, Number(fields.text.dataset.longest) + 1000);
const countWords = () => wholeText().trim().split(/\s+/).filter(Boolean).length;
const sayWords = (words) => say(words === 1 ? "fc.write.one_word" : "fc.write.words", { words });
const language = () => find('input[name="lang"]:checked').value;
const form = () => ({
  text: textToSend(),
  own_question: fields.question.value,
  own_aim: fields.aim.value,
  lang: language(),
  with_ai: withAi,
});

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

// The app wants to know that the notice was shown before it takes in a text.
async function chosen(ai) {
  find("#problem").hidden = true;
  const notice = find("#notice").dataset.notice;
  for (;;) {
    try {
      await ask("api/notice", { notice, with_ai: ai, consent: ai });
      find("#offline").hidden = true;
      choose(ai);
      return;
    } catch (problem) {
      if (problem instanceof Refused) {
        if (problem.body?.code === "fc.notice_first") again();
        else showProblem(find("#problem"), problem);
        return;
      }
      find("#offline").hidden = false;
      await new Promise((resume) => setTimeout(resume, 3000));
    }
  }
}

// The notice is another one than when this page was opened; the draft is still there after that.
function again() {
  keepDraft(language());
  sessionStorage.setItem("notice-changed", "1");
  location.reload();
}

find("#with-ai").addEventListener("click", () => {
  const ticked = find("#opt-in").checked;
  find("#tick-first").hidden = ticked;
  if (ticked) chosen(true);
  else find("#opt-in").focus();
});
find("#opt-in").addEventListener("change", () => { find("#tick-first").hidden = true; });
find("#without-ai").addEventListener("click", () => chosen(false));
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
  find("#count").textContent = words ? sayWords(words) : "";
  if (words) timer = setTimeout(() => measure().catch(() => {}), 600);
  else find("#too-long").hidden = true;
}

async function measure() {
  const mine = ++measuring;
  const fit = await ask("api/check", form());
  if (mine !== measuring) return fit.fits;
  kept = fit.kept_sentences;
  find("#too-long").hidden = fit.fits;
  find("#send-cut").hidden = !kept;
  if (fit.fits) {
    find("#count").textContent = `${sayWords(fit.words)}. ${say("fc.write.fits")}`;
    return true;
  }
  find("#too-long-text").textContent = say("fc.write.too_long", { kept: fit.kept_words, words: countWords() });
  find("#last-kept").textContent = fit.last_kept;
  find("#first-lost").textContent = fit.first_lost;
  return false;
}

for (const field of [...Object.values(fields), ...reflect]) {
  field.addEventListener("input", () => {
    find("#privacy").hidden = true;
    keepDraft(language());
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
    showProblem(find("#problem"), problem);
    return;
  } finally {
    event.target.value = "";
  }
  notes.replaceChildren(...[say("fc.write.check_text"), ...read.notes].map((note) => element("p", {}, note)));
  fields.text.value = read.text;
  keepDraft(language());
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
      const masked = await askPrivate(form(), () => send(null));
      if (!masked) {
        find("#count").textContent = "";
        break;
      }
      if (masked.text !== undefined) {
        for (const field of reflect) field.value = "";  // They are part of the text from here on.
        fields.text.value = masked.text;
        fields.question.value = masked.own_question;
        fields.aim.value = masked.own_aim;
        keepDraft(language());
      }
      // Also with a cut: the text may be another one than when it was shown where it stops.
      const stop = find("#last-kept").textContent;
      if (await measure()) onlyFirst = null;
      else if (onlyFirst !== kept || find("#last-kept").textContent !== stop) {
        find("#too-long").scrollIntoView({ block: "center" });
        break;
      }
      const view = await ask("api/submit", {
        ...form(),
        consent: withAi && find("#opt-in").checked,
        only_first: onlyFirst,
      });
      forget();
      find("#offline").hidden = true;
      render(view);
      break;
    } catch (problem) {
      if (problem instanceof Refused) {
        if (problem.body?.code === "fc.notice_first") again();
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

function forget() {
  dropDraft();
  find("#count").textContent = "";
}

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
    forget();
    find("#opt-in").checked = false;
    choosing = "notice";
    render(view);
    const message = find("#message");
    message.textContent = say("fc.withdraw.done");
    message.hidden = false;
  } catch (problem) {
    showProblem(find("#problem"), problem);
    find("#problem").scrollIntoView({ block: "center" });
  }
});

// What the student sees

function render(view) {
  const closing = view.state === "none" ? view.closing : "";
  if (find("#closing").textContent !== closing) find("#closing").textContent = closing;
  find("#closing").hidden = !closing;
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
  feedUp(view.feedback);
  find("#feedback-text").replaceChildren(
    ...view.feedback.paragraphs.map((pieces) => block(pieces, comments, view.own.reactions)),
  );
  find("#steps").hidden = !view.feedback.steps.length;
  find("#steps-list").replaceChildren(...view.feedback.steps.map((step) =>
    element("li", {}, element("p", { class: "step", lang: step.lang || null }, step.next_step), element("p", { class: "by small soft" }, step.label))));
  find("#client").hidden = view.feedback.use !== "sprint_review";
  own(view.own);
}

// Where it goes: the teacher's goal as it was written, and the student's own aim and question.
function feedUp(feedback) {
  const rows = [["fc.feedback.goal", feedback.goal, feedback.goal_lang], ["fc.feedback.own_aim", feedback.own_aim], ["fc.feedback.own_question", feedback.own_question]];
  find("#feed-up").replaceChildren(...rows.filter(([, text]) => text).flatMap(([key, text, lang]) =>
    [element("dt", {}, say(key)), element("dd", { lang }, text)]));
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
    element("p", { lang: comment.lang || null }, [comment.observation, comment.effect].filter(Boolean).join(" ")),
    comment.next_step ? element("p", { class: "step", lang: comment.lang || null }, comment.next_step) : "",
    element("p", { class: "who" }, comment.label),
    ...reactions(comment, reacted),
  );
}

const restored = restoreDraft();
const changed = sessionStorage.getItem("notice-changed") !== null;
sessionStorage.removeItem("notice-changed");
if (restored || changed) {
  const message = find("#message");
  message.textContent = [changed ? say("fc.notice.changed") : "", restored ? say("fc.write.draft_kept") : ""].join(" ").trim();
  message.hidden = false;
}

follow("api/events", "api/me", {
  onValue: render,
  onOnline: (online) => {
    find("#offline").hidden = online;
    lostSince = online ? 0 : lostSince || Date.now();
    // The lesson is over, or this device is elsewhere: nothing stays behind on it.
    if (lostSince && Date.now() - lostSince > FORGET_AFTER_MS) dropDraft({ fromScreen: false });
  },
  // Sent away, or left in another tab: the start page says which.
  onSentAway: () => location.reload(),
  onOver: () => {
    dropDraft({ fromScreen: false, forGood: true });
    dispatchEvent(new Event("over"));
    find("#closing").hidden = true;
    // From now on this is why nothing can be sent.
    find("#offline").textContent = say("fc.over");
    find("#offline").hidden = false;
  },
});
