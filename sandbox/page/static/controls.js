/** Buttons and select menus of a message or a form. */
import { el, icon, safeUrl } from "./dom.js";
import { entities } from "./entities.js";
import { Listbox } from "./listbox.js";

const LINK_STYLE = 5;
const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };
/** What the selects of things offer, by component type. */
const THINGS = {
  5: { users: true },
  6: { roles: true },
  7: { users: true, roles: true },
  8: { channels: true },
};
const NOUNS = { 3: "an option", 5: "a member", 6: "a role", 7: "a member or role", 8: "a channel" };

function emojiText(emoji) {
  if (!emoji) return null;
  return el("span", { class: "emoji", text: emoji.id ? `:${emoji.name}:` : emoji.name });
}

/** A button; a link button opens a new page and tells the bot nothing. */
export function button(part, context) {
  const look = `button ${STYLES[part.style] ?? "secondary"}`;
  const inside = [emojiText(part.emoji), part.label ? el("span", { text: part.label }) : null];
  if (part.style === LINK_STYLE) {
    const href = safeUrl(part.url ?? "");
    if (part.disabled || !href)
      return el("button", { type: "button", class: look, disabled: true }, inside, icon("out"));
    return el("a", { class: look, href, target: "_blank", rel: "noopener noreferrer" }, inside, icon("out"));
  }
  const node = el(
    "button",
    { type: "button", class: look, disabled: Boolean(part.disabled), "data-custom-id": part.custom_id },
    inside,
  );
  node.addEventListener("click", () => busy(node, () => context.press(part.custom_id)));
  return node;
}

/** Shows that something is under way until it is done; a second press meanwhile does nothing. */
async function busy(node, work) {
  if (node.classList.contains("busy")) return;
  node.classList.add("busy");
  node.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    node.classList.remove("busy");
    node.removeAttribute("aria-busy");
  }
}

/** A select menu of a message: what is chosen is sent when its list closes. */
export function select(part, context) {
  const picker = new SelectMenu(part, context.store, async (values) =>
    busy(picker.opener, () => context.choose(part.custom_id, values)),
  );
  return picker.node;
}

/** What a select came with as chosen, as entries by key. */
function chosenAtFirst(part) {
  if (part.options) return part.options.filter((option) => option.default).map((option) => option.value);
  return (part.default_values ?? []).map((one) => one.id);
}

export class SelectMenu {
  #part;
  #store;
  #commit;
  #chosen;
  #before = [];
  #list;

  /**
   * @param {object} part the select as the API gives it
   * @param {import("./store.js").Store} store
   * @param {(values: Array<string | {id: string}>) => void} commit called with what is chosen when that changed
   */
  constructor(part, store, commit) {
    this.#part = part;
    this.#store = store;
    this.#commit = commit;
    this.#chosen = chosenAtFirst(part);
    this.#list = new Listbox(part.placeholder ?? "Options", (entry) => this.#pick(entry));
    this.opener = el("button", {
      type: "button",
      class: "select",
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "data-custom-id": part.custom_id,
      disabled: Boolean(part.disabled),
      onclick: () => (this.isOpen ? this.close() : this.open()),
    });
    this.filter = part.options
      ? null
      : el("input", {
          class: "select-filter",
          type: "text",
          placeholder: "Search",
          "aria-label": "Search",
          oninput: () => this.#refresh(),
        });
    this.node = el(
      "div",
      { class: "select-box", onkeydown: (event) => this.#key(event) },
      this.opener,
      el("div", { class: "select-drop", hidden: true }, this.filter, this.#list.node),
    );
    this.node.addEventListener(
      "focusout",
      (event) => this.isOpen && !this.node.contains(event.relatedTarget) && this.close(),
    );
    this.#label();
  }

  get isOpen() {
    return this.opener.getAttribute("aria-expanded") === "true";
  }

  /** What is chosen, as the wire wants it. */
  get values() {
    return this.#part.options ? [...this.#chosen] : this.#chosen.map((id) => ({ id }));
  }

  get #isMultiple() {
    return (this.#part.max_values ?? 1) > 1;
  }

  open() {
    this.#before = [...this.#chosen];
    this.#list.owner = this.filter ?? this.opener;
    this.opener.setAttribute("aria-expanded", "true");
    this.node.lastElementChild.hidden = false;
    this.#refresh();
    this.filter?.focus();
    this.node.lastElementChild.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.opener.setAttribute("aria-expanded", "false");
    this.node.lastElementChild.hidden = true;
    this.#list.hide();
    const isEnough = this.#chosen.length >= (this.#part.min_values ?? 1);
    if (String(this.#before) !== String(this.#chosen) && isEnough) this.#commit(this.values);
    else if (!isEnough) this.#chosen = this.#before;
    this.#label();
    this.node.dispatchEvent(new CustomEvent("closed", { bubbles: true }));
  }

  #entries(typed = "") {
    const kinds = THINGS[this.#part.type];
    const all = kinds
      ? entities(this.#store, { ...kinds, channelTypes: this.#part.channel_types }, typed)
      : (this.#part.options ?? []).map((option) => ({
          key: option.value,
          title: option.label,
          note: option.description,
          lead: emojiText(option.emoji),
        }));
    return all.map((entry) => ({ ...entry, isChosen: this.#chosen.includes(entry.key) }));
  }

  #refresh() {
    this.#list.show(this.#entries(this.filter?.value ?? ""), {
      note: this.#entries(this.filter?.value ?? "").length ? null : "Nothing of that name",
    });
  }

  #pick(entry) {
    const isIn = this.#chosen.includes(entry.key);
    if (!this.#isMultiple) {
      this.#chosen = isIn && this.#part.min_values === 0 ? [] : [entry.key];
      this.close();
      this.opener.focus();
      return;
    }
    if (isIn) this.#chosen = this.#chosen.filter((key) => key !== entry.key);
    else if (this.#chosen.length < this.#part.max_values) this.#chosen = [...this.#chosen, entry.key];
    this.#refresh();
  }

  #key(event) {
    if (!this.isOpen) {
      if (event.key === "ArrowDown" && event.target === this.opener) this.open();
      else return;
    } else if (event.key === "Escape") {
      this.close();
      this.opener.focus();
    } else if (event.key === "ArrowDown") this.#list.move(1);
    else if (event.key === "ArrowUp") this.#list.move(-1);
    else if (event.key === "Enter" || (event.key === " " && !this.filter)) this.#list.pick();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #label() {
    const names = this.#entries()
      .filter((entry) => entry.isChosen)
      .map((entry) => entry.title);
    const placeholder = this.#part.placeholder || `Choose ${NOUNS[this.#part.type] ?? "an option"}`;
    const text = el("span", {
      class: names.length ? "select-text" : "select-text placeholder",
      text: names.join(", ") || placeholder,
    });
    this.opener.replaceChildren(text, icon("chevron"));
    this.opener.setAttribute("aria-label", names.length ? `${placeholder}: ${names.join(", ")}` : placeholder);
  }
}
