/** A list of things to choose from, driven by keys from a field that keeps the focus, or by the pointer. */
import { el } from "./dom.js";

/**
 * @typedef {{key: string, title: string, note?: string, side?: string, lead?: Node, heading?: string,
 *   isChosen?: boolean, value?: unknown}} Entry
 */

let lists = 0;

export class Listbox {
  #entries = [];
  #active = -1;
  #owner;
  #onpick;

  /**
   * @param {string} label
   * @param {(entry: Entry) => void} onpick
   */
  constructor(label, onpick) {
    this.#onpick = onpick;
    this.id = `list-${(lists += 1)}`;
    this.node = el("div", { class: "listbox", role: "listbox", id: this.id, "aria-label": label, hidden: true });
    // The field keeps the focus while the pointer chooses.
    this.node.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  /** The field that says which entry is active. */
  set owner(field) {
    if (this.#owner !== field) this.#tell(false);
    this.#owner = field;
    field?.setAttribute("aria-controls", this.id);
    this.#tell(!this.node.hidden);
  }

  #tell(isShown) {
    if (this.#owner?.getAttribute("role") === "combobox") this.#owner.setAttribute("aria-expanded", String(isShown));
    if (!isShown) this.#owner?.removeAttribute("aria-activedescendant");
  }

  get isOpen() {
    return !this.node.hidden && this.#entries.length > 0;
  }

  /** The active entry, or undefined. */
  get active() {
    return this.#entries[this.#active];
  }

  /**
   * Shows these entries; with `first` one is active from the start: the one that was, else the chosen, else the first.
   * @param {Entry[]} entries
   */
  show(entries, { first = true, note = null } = {}) {
    const before = this.active?.key;
    this.#entries = entries;
    this.node.hidden = entries.length === 0 && !note;
    let heading = null;
    const rows = entries.flatMap((entry, place) => {
      const row = this.#row(entry, place);
      if (!entry.heading || entry.heading === heading) return [row];
      heading = entry.heading;
      return [el("div", { class: "listbox-heading", role: "presentation", text: heading }), row];
    });
    this.node.replaceChildren(
      ...(note ? [el("div", { class: "listbox-note", role: "presentation", text: note })] : []),
      ...rows,
    );
    const kept = entries.findIndex((entry) => entry.key === before);
    const place =
      kept >= 0
        ? kept
        : Math.max(
            0,
            entries.findIndex((entry) => entry.isChosen),
          );
    this.#activate(first && entries.length ? place : -1);
    this.#tell(!this.node.hidden);
  }

  /** What is shown answers an earlier question: nothing of it is chosen by a key that was meant for the next one. */
  rest() {
    this.#activate(-1);
  }

  hide() {
    this.#entries = [];
    this.#active = -1;
    this.node.hidden = true;
    this.#tell(false);
  }

  move(step) {
    const count = this.#entries.length;
    if (!count) return;
    const from = this.#active < 0 && step < 0 ? 0 : this.#active;
    this.#activate((from + step + count) % count);
  }

  /** Chooses the active entry; false where there is none. */
  pick() {
    if (!this.active) return false;
    this.#onpick(this.active);
    return true;
  }

  #activate(place) {
    this.#active = place;
    const rows = [...this.node.querySelectorAll("[role=option]")];
    rows.forEach((row, at) => row.classList.toggle("active", at === place));
    if (place < 0) this.#owner?.removeAttribute("aria-activedescendant");
    else {
      this.#owner?.setAttribute("aria-activedescendant", rows[place].id);
      rows[place].scrollIntoView({ block: "nearest" });
    }
  }

  #row(entry, place) {
    return el(
      "div",
      {
        class: "listbox-row",
        role: "option",
        id: `${this.id}-${place}`,
        "aria-selected": entry.isChosen ? "true" : "false",
        onclick: () => this.#onpick(entry),
        onpointermove: () => place !== this.#active && this.#activate(place),
      },
      entry.lead ?? null,
      el(
        "span",
        { class: "listbox-text" },
        el("span", { class: "listbox-title", text: entry.title }),
        entry.note ? el("span", { class: "listbox-note-line", text: entry.note }) : null,
      ),
      entry.side ? el("span", { class: "listbox-side", text: entry.side }) : null,
      entry.isChosen ? el("span", { class: "icon icon-check", "aria-hidden": "true" }) : null,
    );
  }
}
