/** Who this window is, and becoming somebody else: here, or in a second window beside it. */
import { avatar, el, icon, iconButton } from "./dom.js";
import { shownName } from "./store.js";
import { themeButton } from "./theme.js";

const PEOPLE = ["op", "admin", "mod", "ana", "bo", "newbie"];
const FIRST = "ana";
const KEY = "easel-person";

/** The person named in the address, else the one this window was before, else Ana. */
export function personAtFirst() {
  const [named] = readPlace();
  const before = sessionStorage.getItem(KEY);
  return [named, before, FIRST].find((name) => PEOPLE.includes(name));
}

/** The address's person, channel and message; a part that cannot be read is empty. */
export function readPlace() {
  return location.hash
    .replace(/^#/, "")
    .split("/")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return "";
      }
    });
}

/** Writes who and where this window is into its address, so that a reload or a copy of it stands there again. */
export function writePlace(person, channelId) {
  sessionStorage.setItem(KEY, person);
  const hash = `#${[person, channelId].filter(Boolean).join("/")}`;
  if (hash !== location.hash) history.replaceState(null, "", hash);
}

export class PeopleSwitch {
  #root = document.getElementById("self");
  #store;
  #become;
  #isOpen = false;

  /**
   * @param {import("./store.js").Store} store
   * @param {(person: string) => void} become
   */
  constructor(store, become) {
    this.#store = store;
    this.#become = become;
    store.addEventListener("state", () => this.draw());
    this.#root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#isOpen) this.#toggle(false);
    });
    const leave = (target) => this.#isOpen && target && !this.#root.contains(target) && this.#toggle(false, false);
    this.#root.addEventListener("focusout", (event) => leave(event.relatedTarget));
    document.addEventListener("pointerdown", (event) => leave(event.target));
  }

  draw() {
    const me = this.#store.me;
    if (!me) return;
    const name = shownName(me);
    const focused = this.#root.contains(document.activeElement) ? document.activeElement : null;
    const who = el(
      "button",
      {
        type: "button",
        class: "self-button",
        id: "self-button",
        "aria-expanded": String(this.#isOpen),
        "aria-label": `You are ${name}; be somebody else`,
        onclick: () => this.#toggle(!this.#isOpen),
      },
      avatar(name, { small: true }),
      el("span", { class: "self-text" }, el("b", { text: name }), el("small", { text: me.sandbox?.note ?? "" })),
      icon("swap"),
    );
    this.#root.replaceChildren(...[this.#isOpen ? this.#list() : null, who, themeButton()].filter(Boolean));
    const before = focused?.dataset.person;
    if (before) this.#root.querySelector(`[data-person="${CSS.escape(before)}"]`)?.focus();
    else if (focused?.id === "self-button") who.focus();
  }

  #toggle(isOpen, isFocused = true) {
    this.#isOpen = isOpen;
    this.draw();
    if (!isFocused) return;
    if (isOpen) this.#root.querySelector(".person.here")?.focus();
    else document.getElementById("self-button").focus();
  }

  #list() {
    const rows = this.#store.people.map(({ person, user, note }) => {
      const isMe = person === this.#store.me.sandbox?.person;
      const name = shownName(user);
      const pick = () => {
        this.#toggle(false);
        if (!isMe) this.#become(person);
      };
      return el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            class: `person${isMe ? " here" : ""}`,
            "data-person": person,
            "aria-current": isMe ? "true" : null,
            onclick: pick,
          },
          avatar(name, { small: true }),
          el("span", { class: "self-text" }, el("b", { text: name }), el("small", { text: note ?? "" })),
        ),
        iconButton("out", `Open a window as ${name}`, () =>
          window.open(`${location.pathname}#${person}/${this.#store.channelId ?? ""}`, "_blank", "noopener"),
        ),
      );
    });
    return el(
      "div",
      { class: "people", role: "group", "aria-label": "Be somebody" },
      el("h2", { text: "Be somebody" }),
      el("ul", {}, rows),
    );
  }
}
