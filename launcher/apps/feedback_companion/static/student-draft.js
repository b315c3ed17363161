// The draft stays on this device until it is handed in, withdrawn, or too old to be of this lesson.
import { find, findAll } from "./classroom/base.js";

const PLACE = "feedback-companion-draft";
const OLDEST_MS = 12 * 60 * 60 * 1000;
const whose = find("#main").dataset.draft;
let mayKeep = true;

export const fields = { aim: find("#aim"), text: find("#text"), question: find("#question") };
/** The answers to the questions that come first when a student looks back. */
export const reflect = findAll("textarea.reflect");

/** The answers and the text as one. */
export function wholeText() {
  return [...reflect, fields.text].map((field) => field.value.trim() ? field.value : "").filter(Boolean).join("\n\n");
}

export function keepDraft(lang) {
  if (!mayKeep) return;
  const draft = {
    whose,
    at: Date.now(),
    lang,
    aim: fields.aim.value,
    text: fields.text.value,
    question: fields.question.value,
    reflect: reflect.map((field) => field.value),
  };
  try {
    localStorage.setItem(PLACE, JSON.stringify(draft));
  } catch {
    // A private window may refuse; the text is still in the page.
  }
}

/** Forget it; `fromScreen: false` leaves what is written in the page, `forGood` keeps nothing more. */
export function dropDraft({ fromScreen = true, forGood = false } = {}) {
  if (forGood) mayKeep = false;
  if (fromScreen) for (const field of [...Object.values(fields), ...reflect]) field.value = "";
  try {
    localStorage.removeItem(PLACE);
  } catch {
    // Then it was never kept.
  }
}

/** Whether there was one of this student, which is in the page now. Others' are removed. */
export function restoreDraft() {
  try {
    const draft = JSON.parse(localStorage.getItem(PLACE) ?? "null");
    if (!draft) return false;
    if (draft.whose !== whose || Date.now() - draft.at > OLDEST_MS) {
      localStorage.removeItem(PLACE);
      return false;
    }
    fields.aim.value = draft.aim ?? "";
    fields.text.value = draft.text ?? "";
    fields.question.value = draft.question ?? "";
    reflect.forEach((field, index) => { field.value = draft.reflect?.[index] ?? ""; });
    // Consent is asked again; only the words are kept.
    find(`input[name="lang"][value="${draft.lang === "en" ? "en" : "nl"}"]`).checked = true;
    return Boolean(wholeText());
  } catch {
    return false;
  }
}
