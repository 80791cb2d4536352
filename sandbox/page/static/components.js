/** Message components as nodes: containers, sections, text, galleries, files, separators, rows of controls. */
import { button, select } from "./controls.js";
import { el } from "./dom.js";
import { file, fromItem, gallery, picture } from "./media.js";
import { render } from "./markdown.js";

/** Component types (Discord API reference, "Component Reference"). */
export const Kind = {
  ACTION_ROW: 1,
  BUTTON: 2,
  STRING_SELECT: 3,
  TEXT_INPUT: 4,
  USER_SELECT: 5,
  ROLE_SELECT: 6,
  MENTIONABLE_SELECT: 7,
  CHANNEL_SELECT: 8,
  SECTION: 9,
  TEXT_DISPLAY: 10,
  THUMBNAIL: 11,
  MEDIA_GALLERY: 12,
  FILE: 13,
  SEPARATOR: 14,
  CONTAINER: 17,
  LABEL: 18,
  FILE_UPLOAD: 19,
  RADIO_GROUP: 21,
  CHECKBOX_GROUP: 22,
  CHECKBOX: 23,
};
export const SELECTS = [
  Kind.STRING_SELECT,
  Kind.USER_SELECT,
  Kind.ROLE_SELECT,
  Kind.MENTIONABLE_SELECT,
  Kind.CHANNEL_SELECT,
];

const DRAWN = {
  [Kind.ACTION_ROW]: (part, context) => el("div", { class: "row" }, inner(part, context)),
  [Kind.BUTTON]: button,
  [Kind.SECTION]: section,
  [Kind.TEXT_DISPLAY]: (part, context) => el("div", { class: "text" }, render(part.content, context.names)),
  [Kind.THUMBNAIL]: (part) => el("div", { class: "thumbnail" }, picture(fromItem(part))),
  [Kind.MEDIA_GALLERY]: (part) => gallery(part.items.map(fromItem)),
  [Kind.FILE]: (part) =>
    file({ ...fromItem({ media: part.file, spoiler: part.spoiler }), name: part.name, size: part.size }),
  [Kind.SEPARATOR]: (part) =>
    el("hr", { class: `separator${part.spacing === 2 ? " wide" : ""}${part.divider === false ? " blank" : ""}` }),
  [Kind.CONTAINER]: container,
  ...Object.fromEntries(SELECTS.map((kind) => [kind, select])),
};

/**
 * @typedef {object} Context what a component needs around it
 * @property {import("./names.js").Names} names
 * @property {import("./store.js").Store} store
 * @property {(customId: string) => Promise<void>} press
 * @property {(customId: string, values: Array<string | {id: string}>) => Promise<void>} choose
 */

/**
 * The node for one component; one of a kind this page does not know says so in words.
 * @param {object} part
 * @param {Context} context
 */
export function component(part, context) {
  const draw = DRAWN[part.type];
  return draw
    ? draw(part, context)
    : el("p", { class: "unknown", text: `A component of kind ${part.type}, which this page does not draw.` });
}

function inner(part, context) {
  return part.components.map((one) => component(one, context));
}

function section(part, context) {
  return el(
    "div",
    { class: "section" },
    el("div", { class: "section-text" }, inner(part, context)),
    component(part.accessory, context),
  );
}

function container(part, context) {
  const hasAccent = part.accent_color !== null && part.accent_color !== undefined;
  const accent = hasAccent ? { "--accent": `#${part.accent_color.toString(16).padStart(6, "0")}` } : {};
  const node = el("div", { class: `container${hasAccent ? " accented" : ""}`, style: accent }, inner(part, context));
  if (!part.spoiler) return node;
  node.classList.add("covered");
  const uncover = el("button", { type: "button", class: "cover" }, el("span", { text: "Spoiler" }));
  const covered = [...node.children];
  for (const child of covered) child.inert = true;
  uncover.addEventListener("click", () => {
    for (const child of covered) child.inert = false;
    node.classList.remove("covered");
    uncover.remove();
  });
  node.append(uncover);
  return node;
}
