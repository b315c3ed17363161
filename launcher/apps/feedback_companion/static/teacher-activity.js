import { ask, element, find, findAll, say } from "./classroom/base.js";

let lang = "nl";
let act = null;
let tell = null;

/** Show the current assignment in its form. */
export async function startActivity(attempt, tellWith) {
  [act, tell] = [attempt, tellWith];
  const activity = await act(() => ask("api/activity"));
  if (activity) fill(activity);
}

function fill(activity) {
  lang = activity.lang;
  find("#a-title").value = activity.title;
  find("#a-goal").value = activity.goal;
  find("#a-wording").value = activity.wording;
  find("#a-use").value = activity.use;
  explainUse();
  find("#criteria").replaceChildren(...activity.criteria.map(criterion));
  number();
}

function explainUse() {
  for (const text of findAll("#use-help p")) text.hidden = text.dataset.use !== find("#a-use").value;
}
find("#a-use").addEventListener("change", explainUse);

find("#a-set").addEventListener("change", async (event) => {
  const wanted = event.target.value;
  event.target.value = "";
  const set = wanted && (await act(() => ask(`api/sets/${wanted}`)));
  if (set) fill(set);
});

function criterion(values = { name: "", description: "", questions: [], example: "" }) {
  const input = (kind, key, value, attributes) => {
    const field = element(kind, attributes);
    field.value = value;
    return element("label", {}, say(key), field);
  };
  const box = element("fieldset", { class: "card" },
    element("legend", { class: "small" }),
    input("input", "fc.activity.criterion_name", values.name, { type: "text", maxlength: "60", "data-name": "name" }),
    input("input", "fc.activity.criterion_description", values.description, { type: "text", maxlength: "300", "data-name": "description" }),
    input("textarea", "fc.activity.criterion_questions", values.questions.join("\n"), { rows: "2", "data-name": "questions" }),
    input("textarea", "fc.activity.criterion_example", values.example, { rows: "2", maxlength: "400", "data-name": "example" }),
    element("button", { type: "button", class: "quiet small", on: { click: () => { box.remove(); number(); } } }, say("fc.activity.remove")));
  return box;
}

function number() {
  const boxes = findAll("#criteria fieldset");
  boxes.forEach((box, index) => {
    find("legend", box).textContent = say("fc.activity.criterion", { number: index + 1 });
    find("button", box).hidden = boxes.length === 1;
  });
  find("#add-criterion").disabled = boxes.length >= 6;
}

find("#add-criterion").addEventListener("click", () => {
  find("#criteria").append(criterion());
  number();
});

find("#import-file").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (file) find("#import-text").value = (await file.text()).slice(0, 20000);
});
find("#import").addEventListener("click", async () => {
  tell("");
  const found = await act(() => ask("api/import", { text: find("#import-text").value }));
  if (!found) return;
  find("#criteria").replaceChildren(...found.criteria.map(criterion));
  number();
  tell(found.notes.join("\n"));
});

find("#activity-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  tell("");
  const value = (box, name) => find(`[data-name="${name}"]`, box).value;
  const form = {
    lang,
    title: find("#a-title").value,
    goal: find("#a-goal").value,
    wording: find("#a-wording").value,
    use: find("#a-use").value,
    criteria: findAll("#criteria fieldset").map((box) => ({
      name: value(box, "name"),
      description: value(box, "description"),
      example: value(box, "example"),
      questions: value(box, "questions").split("\n").map((line) => line.trim()).filter(Boolean),
    })),
  };
  const saved = await act(() => ask("api/activity", form, "PUT"));
  if (saved) {
    fill(saved);
    tell([say("fc.activity.saved"), ...(saved.advice.length ? [say("fc.activity.advice")] : []), ...saved.advice].join("\n"));
    scrollTo(0, 0);
  }
});
