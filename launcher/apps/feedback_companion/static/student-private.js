// Before a text is sent: what looks private is shown, and the student decides about each.
import { ask, element, find, findAll, say } from "./classroom/base.js";

const box = find("#privacy");
const left = new Set();
let decided = null;

/**
 * True-ish when the text can go: with a masked text when the student confirmed something. Null when
 * the student has to choose first; `onDone` is called after that.
 */
export async function askPrivate(form, onDone) {
  const found = await ask("api/private", form);
  const groups = found.groups.filter((group) => !left.has(group.text));
  if (!groups.length) {
    box.hidden = true;
    return {};
  }
  if (decided && groups.every((group) => decided.has(group.text))) {
    const confirmed = groups.filter((group) => decided.get(group.text));
    for (const group of groups) if (!decided.get(group.text)) left.add(group.text);
    decided = null;
    box.hidden = true;
    if (!confirmed.length) return {};
    return ask("api/mask", { ...form, groups: confirmed.map((group) => group.id) });
  }
  show(found.pieces, groups, onDone);
  return null;
}

function show(pieces, groups, onDone) {
  const open = new Set(groups.map((group) => group.id));
  const chosen = new Map();
  find("#private-text").replaceChildren(...pieces.map((piece) =>
    open.has(piece.group) ? element("mark", {}, piece.text) : piece.text));
  find("#private-choose").textContent = "";
  find("#private-groups").replaceChildren(...groups.map((group) => {
    const button = (key, masks) => element("button", {
      type: "button", class: "quiet", "aria-pressed": "false", "data-mask": String(masks),
      on: { click: (event) => {
        chosen.set(group.text, masks);
        for (const other of findAll("button", event.currentTarget.parentElement)) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      } },
    }, say(key));
    return element("fieldset", { class: "group" },
      element("legend", {}, say("fc.private.question", { kind: group.kind, text: group.text })),
      element("div", { class: "buttons" }, button("fc.private.mask", true), button("fc.private.leave", false)));
  }));
  find("#private-done").onclick = () => {
    if (groups.some((group) => !chosen.has(group.text))) {
      find("#private-choose").textContent = say("fc.private.choose_all");
      return;
    }
    decided = chosen;
    onDone();
  };
  box.hidden = false;
  // The text is in a small window of its own: begin where there is something to see.
  const text = find("#private-text");
  text.scrollTop = Math.max(0, (find("mark", text)?.offsetTop ?? 0) - text.offsetTop - 40);
  box.scrollIntoView({ block: "start" });
  box.focus({ preventScroll: true });
}
