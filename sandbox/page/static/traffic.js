/** What goes over the wire, newest at the foot, each with what the checks found. */
import { el } from "./dom.js";

const KEPT = 300;
const MARKS = {
  ok: ["✓", "fits Discord's OpenAPI document"],
  violation: ["✗", "breaks Discord's rules"],
  unchecked: ["·", "not held against Discord's OpenAPI document"],
};
const SIDES = { rest: "REST", gateway: "Gateway", provider: "Provider" };

export class TrafficView {
  #list = el("ol", { class: "traffic", "aria-label": "Traffic" });
  #count = el("p", { class: "panel-note" });
  #hidden = new Set();

  constructor() {
    const sides = Object.entries(SIDES).map(([side, label]) => {
      const box = el("input", { type: "checkbox", checked: true, onchange: () => this.#filter(side, box.checked) });
      return el("label", { class: "filter" }, box, label);
    });
    this.node = el(
      "section",
      { class: "panel-view traffic-view" },
      el("div", { class: "filters", role: "group", "aria-label": "Show" }, sides),
      this.#count,
      this.#list,
    );
  }

  /**
   * How many bodies broke Discord's rules, and which rules those are.
   * @param {{violations: number, note: string | null}} told `note` says what could not be checked
   */
  tell({ violations, note }) {
    this.#count.textContent =
      `${violations} ${violations === 1 ? "violation" : "violations"} of ` +
      (note ? `Discord's rules. ${note}` : "Discord's OpenAPI document and limits");
    this.#count.classList.toggle("bad", violations > 0);
  }

  take(items) {
    const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60;
    const known = Number(this.#list.lastElementChild?.dataset.n ?? -1);
    // Turning the panel on again sends what is here already.
    this.#list.append(...items.filter((item) => item.n > known).map((item) => this.#row(item)));
    while (this.#list.childElementCount > KEPT) this.#list.firstElementChild.remove();
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #row(item) {
    const [mark, meaning] = MARKS[item.check] ?? MARKS.unchecked;
    const clock = new Date(item.at_ms).toISOString().slice(11, 23);
    const arrow = item.direction === "out" ? "→" : "←";
    const summary = el(
      "summary",
      {},
      el("span", { class: `mark ${item.check}`, title: meaning, "aria-label": meaning, role: "img", text: mark }),
      el("span", { class: `side ${item.side}`, text: SIDES[item.side] ?? item.side }),
      el("span", {
        class: "arrow",
        text: arrow,
        "aria-label": item.direction === "out" ? "from the bot" : "to the bot",
        role: "img",
      }),
      el("span", { class: "title", text: item.title }),
      item.status
        ? el("span", { class: `status${item.status >= 400 ? " bad" : ""}`, text: String(item.status) })
        : null,
    );
    const body = el(
      "div",
      { class: "traffic-body" },
      el("small", { text: clock }),
      item.detail ? el("p", { class: "bad", text: item.detail }) : null,
      item.body ? el("pre", { tabindex: "0", text: laidOut(item.body) }) : null,
    );
    return el(
      "li",
      { "data-n": item.n, "data-side": item.side, hidden: this.#hidden.has(item.side) },
      el("details", {}, summary, body),
    );
  }

  #filter(side, isShown) {
    if (isShown) this.#hidden.delete(side);
    else this.#hidden.add(side);
    for (const row of this.#list.children) if (row.dataset.side === side) row.hidden = !isShown;
  }
}

/** JSON with line breaks; what was shortened on the way stays as it is. */
function laidOut(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
