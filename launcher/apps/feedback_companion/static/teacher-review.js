import { ask, element, find, findAll, say } from "./classroom/base.js";

let bank = [];
// What the teacher is writing and did not add yet, for each text: a decision draws the page again.
const unfinished = new Map();

/** Draw `box` again and leave the keyboard where it was: at the same comment, note or field. */
export function redraw(box, ...parts) {
  const at = document.activeElement?.closest("[data-comment], [data-note], .own-comment, .own-step");
  const same = at && box.contains(at) && (
    at.dataset.comment ? `[data-comment="${at.dataset.comment}"] button`
      : at.dataset.note ? `[data-note="${at.dataset.note}"] button`
        : `.${at.classList.contains("own-step") ? "own-step" : "own-comment"} textarea`);
  box.replaceChildren(...parts);
  if (same) find(same, box)?.focus({ preventScroll: true });
}

function fieldFor(text, name, attributes) {
  const area = element("textarea", attributes);
  area.value = unfinished.get(`${text.id} ${name}`) ?? "";
  area.addEventListener("input", () => unfinished.set(`${text.id} ${name}`, area.value));
  return area;
}

/** Fetch what the teacher wrote before in this lesson; without it there is nothing to choose. */
export async function loadBank() {
  try {
    bank = (await ask("api/bank")).texts;
  } catch {
    bank = [];
  }
}

/** A text and its comments side by side. `onChange` gets the text after each decision. */
export function reviewSide(text, { attempt, onChange }) {
  const marked = new Set(text.comments.filter((c) => c.state !== "rejected").map((c) => c.sentence_id));
  const sentences = new Map(text.paragraphs.flat().filter((p) => p.id).map((p) => [p.id, p.text]));
  const own = text.state === "review" ? ownComment(text, sentences, { attempt, onChange }) : null;
  // A span flows with the text as a button cannot; it gets a button's role, focus and keys.
  const piece = (part) => !part.id ? part.text : element("span", {
    class: `sentence${marked.has(part.id) ? " marked" : ""}`,
    "data-sentence": part.id,
    ...(own ? {
      role: "button",
      tabindex: "0",
      "aria-pressed": "false",
      on: {
        click: () => own.choose(part.id),
        keydown: (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          own.choose(part.id);
        },
      },
    } : {}),
  }, part.text);
  const first = text.use === "teacher_first" && text.with_ai;
  const none = first ? "fc.teacher.teacher_first_help" : text.with_ai ? "fc.teacher.no_suggestions" : "fc.teacher.no_suggestions_no_ai";
  const waiting = text.state === "queued";
  const body = element("div", { class: "text" },
    ...text.paragraphs.map((parts) => element("p", {}, ...parts.map(piece))));
  own?.within(body);
  return [
    element("h1", { tabindex: "-1" }, text.nickname || "–"),
    text.own_aim ? element("p", {}, say("fc.teacher.own_aim", { aim: text.own_aim })) : "",
    text.own_question ? element("p", {}, say("fc.teacher.own_question", { question: text.own_question })) : "",
    element("div", { class: "side" },
      // It scrolls by itself; without sentences to press, the keyboard needs a place in it.
      element("div", { class: "card", tabindex: own ? null : "0" }, body),
      element("div", {},
        waiting ? element("p", { class: "soft" }, say("fc.teacher.still_reading")) : "",
        !waiting && !text.comments.length ? element("p", { class: "warn" }, say(none)) : "",
        ...text.comments.map((c) => card(text, c, sentences.get(c.sentence_id) ?? "", { attempt, onChange })),
        ...text.rough_notes.map((note) => roughNote(text, note, sentences.get(note.sentence_id) ?? "", { attempt, onChange })),
        ...text.notes.map((note) => element("p", { class: "small soft" }, note)),
        own ? own.form : "",
        text.steps.length || own ? element("h2", {}, say("fc.teacher.steps")) : "",
        ...text.steps.map((c) => card(text, c, "", { attempt, onChange })),
        own ? ownStep(text, { attempt, onChange }) : "")),
  ];
}

// A note that the model works on, or of which its wording was dropped.
function roughNote(text, note, sentence, { attempt, onChange }) {
  const url = `api/submissions/${text.id}/notes/${note.id}`;
  const act = (key, action) => element("button", { type: "button", class: "quiet", on: { click: async () => {
    const changed = await attempt(action);
    if (changed) onChange(changed);
  } } }, say(key));
  const ownWords = async () => {
    await ask(`api/submissions/${text.id}/comments`, { sentence_id: note.sentence_id, text: note.text });
    return ask(url, undefined, "DELETE");
  };
  return element("div", { class: "rough-note", "data-note": note.id },
    element("p", { class: "quote" }, sentence),
    element("p", {}, note.text),
    element("p", { class: "who", role: "status" }, note.sentence),
    element("div", { class: "buttons" },
      note.waiting ? "" : act("fc.teacher.note_own_words", ownWords),
      note.waiting ? "" : act("fc.teacher.note_again", () => ask(url, {})),
      act("fc.teacher.note_remove", () => ask(url, undefined, "DELETE"))));
}

function ownStep(text, { attempt, onChange }) {
  const area = fieldFor(text, "step", { rows: "2", maxlength: "300", "aria-label": say("fc.teacher.add_step") });
  const add = async () => {
    const changed = await attempt(() => ask(`api/submissions/${text.id}/comments`, { text: area.value }));
    if (!changed) return;
    unfinished.delete(`${text.id} step`);
    onChange(changed);
  };
  return element("div", { class: "card own-step" }, area,
    element("button", { type: "button", on: { click: add } }, say("fc.teacher.add_step")));
}

function card(text, comment, sentence, { attempt, onChange }) {
  const change = async (body) => {
    const url = `api/submissions/${text.id}/comments/${comment.id}`;
    const changed = await attempt(() => ask(url, body, "PUT"));
    if (changed) onChange(changed);
  };
  const button = (key, act, cls = "quiet") =>
    element("button", { type: "button", class: cls, on: { click: act } }, say(key));
  const kind = comment.sentence_id ? ["article", "comment"] : ["div", "next-step"];
  const box = element(kind[0], { class: `${kind[1]} ${comment.state}`, "data-comment": comment.id });
  const read = () => box.replaceChildren(
    element("p", { class: "what" }, [comment.criterion, sentence ? comment.kind_label : ""].filter(Boolean).join(" · ")),
    sentence ? element("p", { class: "quote" }, sentence) : "",
    comment.note ? element("p", { class: "small soft" }, say("fc.teacher.note_was", { note: comment.note })) : "",
    comment.observation || comment.effect ? element("p", {}, [comment.observation, comment.effect].filter(Boolean).join(" ")) : "",
    comment.next_step ? element("p", { class: "step" }, comment.next_step) : "",
    element("p", { class: "who" }, `${comment.label} · ${comment.state_label}`),
    text.state !== "review" ? "" : element("div", { class: "buttons" },
      comment.state !== "approved" ? button("fc.teacher.approve", () => change({ state: "approved" }), "main") : "",
      comment.state !== "draft" ? button("fc.teacher.approved_press_to_undo", () => change({ state: "draft" })) : "",
      button("fc.teacher.edit", edit),
      comment.state !== "rejected" ? button("fc.teacher.reject", () => change({ state: "rejected" })) : ""),
  );
  const edit = () => {
    const field = (key, value) => {
      const area = element("textarea", { rows: "2" });
      area.defaultValue = value;
      return { area, label: element("label", { class: "small" }, say(key), area) };
    };
    const step = !comment.sentence_id;
    const parts = step
      ? [field("fc.teacher.next_step", comment.next_step)]
      : comment.origin === "ai"
      ? [field("fc.teacher.observation", comment.observation), field("fc.teacher.effect", comment.effect), field("fc.teacher.next_step", comment.next_step)]
      : [field("fc.teacher.observation", comment.observation)];
    box.replaceChildren(
      ...parts.map((part) => part.label),
      element("div", { class: "buttons" },
        button("fc.teacher.save", () => change({
          state: "approved",
          observation: step ? "" : parts[0].area.value,
          effect: parts[1]?.area.value ?? "",
          next_step: step ? parts[0].area.value : parts[2]?.area.value ?? "",
        }), "main"),
        button("fc.teacher.cancel", read)),
    );
    parts[0].area.focus();
  };
  read();
  return box;
}

function ownComment(text, sentences, { attempt, onChange }) {
  let chosen = "";
  let body = null;
  const target = element("p", { class: "small soft" }, say("fc.teacher.add_own_help"));
  const area = fieldFor(text, "comment", { rows: "3", maxlength: "800", "aria-label": say("fc.teacher.add_own") });
  const add = async (kind) => {
    if (!chosen) {
      target.textContent = say("fc.teacher.choose_sentence");
      return;
    }
    const changed = await attempt(() =>
      ask(`api/submissions/${text.id}/${kind}`, { sentence_id: chosen, text: area.value }));
    if (!changed) return;
    unfinished.delete(`${text.id} comment`);
    unfinished.delete(`${text.id} sentence`);
    await loadBank();
    onChange(changed);
  };
  const choose = bank.length ? element("select", { "aria-label": say("fc.teacher.bank"), on: { change: (event) => {
    if (!event.target.value) return;
    area.value = bank[Number(event.target.value)];
    area.dispatchEvent(new Event("input"));
  } } },
    element("option", { value: "" }, say("fc.teacher.bank_choose")),
    ...bank.map((one, index) => element("option", { value: String(index) }, one.length > 80 ? `${one.slice(0, 79)}…` : one))) : "";
  const form = element("div", { class: "card own-comment" },
    element("h2", {}, say("fc.teacher.add_own")),
    target,
    choose,
    area,
    element("div", { class: "buttons" },
      element("button", { type: "button", on: { click: () => add("comments") } }, say("fc.teacher.add")),
      text.with_ai ? element("button", { type: "button", class: text.use === "teacher_first" ? "main" : "", on: { click: () => add("notes") } }, say("fc.teacher.reword")) : ""));
  const mark = (id) => {
    chosen = id;
    unfinished.set(`${text.id} sentence`, id);
    for (const other of findAll(".sentence", body)) other.setAttribute("aria-pressed", String(other.dataset.sentence === id));
    target.textContent = say("fc.teacher.comment_on", { sentence: sentences.get(id) });
  };
  return {
    form,
    within: (element_) => {
      body = element_;
      const before = unfinished.get(`${text.id} sentence`);
      if (area.value && sentences.has(before)) mark(before);
    },
    choose: (id) => {
      mark(id);
      area.focus({ preventScroll: true });
    },
  };
}
