/** The fields of a form, each with its value, its check and its node. */
import { Kind, SELECTS } from "./components.js";
import { SelectMenu } from "./controls.js";
import { bytes, el, icon, toast } from "./dom.js";
import { upload } from "./socket.js";

const TEXT_LIMIT = 4000;
const PARAGRAPH = 2;

/**
 * @typedef {object} Field
 * @property {string} customId
 * @property {Node} node
 * @property {() => unknown} value as the server takes it
 * @property {() => string | null} problem what is wrong, in words
 */

let made = 0;

/** @returns {Field | null} for a component that takes a value; null for one this page does not know */
export function field(part, store, labelId) {
  if (part.type === Kind.TEXT_INPUT) return textInput(part, labelId);
  if (part.type === Kind.RADIO_GROUP) return choices(part, "radio");
  if (part.type === Kind.CHECKBOX_GROUP) return choices(part, "checkbox");
  if (part.type === Kind.CHECKBOX) return checkbox(part, labelId);
  if (part.type === Kind.FILE_UPLOAD) return fileUpload(part, labelId);
  return SELECTS.includes(part.type) ? select(part, store) : null;
}

function isRequired(part) {
  return part.required !== false;
}

function textInput(part, labelId) {
  const tag = part.style === PARAGRAPH ? "textarea" : "input";
  const input = el(tag, {
    class: "form-text",
    id: labelId,
    type: tag === "input" ? "text" : null,
    rows: tag === "textarea" ? "5" : null,
    placeholder: part.placeholder,
    maxlength: part.max_length ?? TEXT_LIMIT,
    "aria-required": isRequired(part) ? "true" : null,
  });
  input.value = part.value ?? "";
  const limit = part.max_length ?? TEXT_LIMIT;
  const count = el("small", { class: "form-count", "aria-hidden": "true" });
  const tell = () => (count.textContent = `${input.value.length}/${limit}`);
  input.addEventListener("input", tell);
  tell();
  const problem = () => {
    const length = input.value.length;
    if (!length) return isRequired(part) ? "This field is required." : null;
    if (length < (part.min_length ?? 0)) return `At least ${part.min_length} characters; these are ${length}.`;
    return length > limit ? `At most ${limit} characters; these are ${length}.` : null;
  };
  return {
    customId: part.custom_id,
    node: el("div", { class: "form-text-box" }, input, count),
    value: () => input.value,
    problem,
  };
}

function choices(part, type) {
  const name = `choices-${(made += 1)}`;
  const inputs = part.options.map((option) =>
    el("input", {
      type,
      name,
      value: option.value,
      checked: Boolean(option.default),
      disabled: Boolean(option.disabled),
    }),
  );
  const rows = part.options.map((option, place) => choiceRow(inputs[place], option.label, option.description));
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const most = part.max_values ?? part.options.length;
  const least = part.min_values ?? (isRequired(part) ? 1 : 0);
  const problem = () => {
    const count = chosen().length;
    if (!count) return isRequired(part) ? "Choose one." : null;
    if (type === "radio") return null;
    if (count < least) return `Choose at least ${least}.`;
    return count > most ? `Choose at most ${most}.` : null;
  };
  const value = () => (type === "radio" ? (chosen()[0] ?? null) : chosen());
  return {
    customId: part.custom_id,
    node: el("div", { class: "form-choices", role: type === "radio" ? "radiogroup" : "group" }, rows),
    value,
    problem,
  };
}

function choiceRow(input, label, description) {
  return el(
    "label",
    { class: "form-choice" },
    input,
    el("span", {}, el("span", { text: label }), description ? el("small", { text: description }) : null),
  );
}

function checkbox(part, labelId) {
  const input = el("input", { type: "checkbox", id: labelId, checked: Boolean(part.default) });
  return {
    customId: part.custom_id,
    node: el("div", { class: "form-checkbox" }, input),
    value: () => input.checked,
    problem: () => null,
  };
}

function select(part, store) {
  const menu = new SelectMenu({ ...part, min_values: isRequired(part) ? part.min_values : 0 }, store, () => {});
  const least = part.min_values ?? 1;
  const problem = () => {
    const count = menu.values.length;
    if (!count) return isRequired(part) ? "Choose one." : null;
    return count < least ? `Choose at least ${least}.` : null;
  };
  return { customId: part.custom_id, node: menu.node, value: () => menu.values, problem };
}

function fileUpload(part, labelId) {
  const most = part.max_values ?? 1;
  let files = [];
  const list = el("ul", { class: "form-files" });
  const draw = () => {
    list.replaceChildren(
      ...files.map((one) =>
        el(
          "li",
          {},
          icon("file"),
          `${one.filename} (${bytes(one.size)}) `,
          el("button", {
            type: "button",
            class: "textual",
            text: "Remove",
            onclick: () => {
              files = files.filter((other) => other !== one);
              draw();
            },
          }),
        ),
      ),
    );
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const take = async (given) => {
    for (const one of [...given].slice(0, most - files.length)) {
      try {
        files = [...files, await upload(one)];
      } catch (error) {
        toast(error.message);
      }
    }
    draw();
  };
  const input = el("input", {
    type: "file",
    id: labelId,
    multiple: most > 1,
    class: "form-file-input",
    onchange: () => take(input.files),
  });
  const zone = el(
    "div",
    { class: "form-file", ondragover: (event) => event.preventDefault() },
    input,
    el("span", { text: most > 1 ? `Choose or drop up to ${most} files` : "Choose or drop a file" }),
    list,
  );
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  const least = part.min_values ?? Number(isRequired(part));
  const problem = () => (files.length < least ? (least > 1 ? `Give at least ${least} files.` : "Give a file.") : null);
  return {
    customId: part.custom_id,
    node: zone,
    value: () => files.map((one) => ({ upload_id: one.upload_id })),
    problem,
  };
}
