// The student's own portfolio: a file on this device. It is opened here and never sent anywhere.
import { ask, element, find, say, showProblem } from "./classroom/base.js";

const KIND = "paadje-portfolio";
const MAX_BYTES = 1024 * 1024;
const MAX_ENTRIES = 200;

const line = (value) => (typeof value === "string" ? value.slice(0, 4000) : "");
const list = (value) => (Array.isArray(value) ? value.slice(0, 50) : []);

/** The lessons in a portfolio file, oldest first; null when it is no such file. */
async function read(file) {
  if (file.size > MAX_BYTES) return null;
  try {
    const found = JSON.parse(await file.text());
    if (found?.kind !== KIND || !Array.isArray(found.lessons)) return null;
    return found.lessons.slice(0, MAX_ENTRIES);
  } catch {
    return null;
  }
}

// In a talk: what went before, and what the student takes from it.

find("#portfolio-file")?.addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  const lessons = await read(file);
  event.target.value = "";
  find("#portfolio-says").textContent = lessons === null ? say("fc.portfolio.wrong") : lessons.length ? "" : say("fc.portfolio.empty");
  find("#portfolio-entries").replaceChildren(...(lessons ?? []).map(shown));
});

function shown(lesson) {
  const parts = [
    ["fc.portfolio.aim", [line(lesson.own_aim)]],
    ["fc.portfolio.chosen", list(lesson.chosen).map((one) => line(one?.comment))],
    ["fc.portfolio.steps", list(lesson.steps).map((one) => line(one?.step))],
    ["fc.portfolio.reflection", [line(lesson.reflection)]],
  ].map(([key, texts]) => [say(key), texts.filter(Boolean)]).filter(([, texts]) => texts.length);
  const says = element("span", { class: "small", role: "status" });
  const use = () => {
    const text = find("#text");
    const taken = [line(lesson.title), ...parts.map(([title, texts]) => `${title}: ${texts.join(" ")}`)].filter(Boolean).join("\n");
    text.value = [text.value.trim(), taken].filter(Boolean).join("\n\n");
    text.dispatchEvent(new Event("input"));
    says.textContent = say("fc.portfolio.used");
  };
  return element("article", { class: "lesson" },
    element("h3", {}, [line(lesson.date), line(lesson.title)].filter(Boolean).join(" · ")),
    element("dl", { class: "small" }, ...parts.flatMap(([title, texts]) =>
      [element("dt", {}, title), ...texts.map((text) => element("dd", {}, text))])),
    element("button", { type: "button", class: "quiet", on: { click: use } }, say("fc.portfolio.use")), says);
}

// After a lesson: what it adds goes into the file that the student keeps.

find("#portfolio-save").addEventListener("click", async () => {
  const says = find("#portfolio-saved");
  says.textContent = "";
  const earlier = find("#portfolio-add").files[0];
  const lessons = earlier ? await read(earlier) : [];
  if (lessons === null) {
    says.textContent = say("fc.portfolio.wrong");
    return;
  }
  let entry;
  try {
    entry = await ask("api/portfolio");
  } catch (problem) {
    showProblem(find("#problem"), problem);
    return;
  }
  const file = JSON.stringify({ kind: KIND, version: 1, lessons: [...lessons, entry] }, null, 2);
  const link = element("a", { download: "portfolio.json", href: URL.createObjectURL(new Blob([file], { type: "application/json" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  says.textContent = say(earlier ? "fc.portfolio.added" : "fc.portfolio.saved");
});
