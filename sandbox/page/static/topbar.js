/** The line above the log: where one is, how the bot is, and what to show beside. */
import { el, icon, iconButton } from "./dom.js";
import { botWords } from "./machine.js";

export class Topbar {
  #root = document.getElementById("topbar");
  #store;
  #sides;

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./sides.js").Sides} sides
   */
  constructor(store, sides) {
    this.#store = store;
    this.#sides = sides;
    store.addEventListener("state", () => this.draw());
    sides.addEventListener("change", () => this.draw());
  }

  draw() {
    const channel = this.#store.channel(this.#store.channelId);
    const focused = document.activeElement?.id;
    this.#root.replaceChildren(
      iconButton("menu", "Channels", () => this.#sides.toggle("places"), {
        id: "places-toggle",
        "aria-expanded": String(this.#sides.isOpen("places")),
      }),
      ...(channel ? this.#where(channel) : []),
      el("span", { class: "gap" }),
      this.#bot(),
      iconButton("people", "Members", () => this.#sides.toggle("members"), {
        id: "members-toggle",
        "aria-expanded": String(this.#sides.isOpen("members")),
      }),
      iconButton("gauge", "Inside the sandbox", () => this.#sides.toggle("panel"), {
        id: "panel-toggle",
        "aria-expanded": String(this.#sides.isOpen("panel")),
      }),
    );
    if (focused) this.#root.querySelector(`#${CSS.escape(focused)}`)?.focus();
  }

  #where(channel) {
    const rights = channel.sandbox ?? {};
    return [
      icon(this.#store.iconOf(channel)),
      el("h2", { text: this.#store.channelName(channel) }),
      rights.is_age_restricted ? el("span", { class: "chip-note", text: "age-restricted" }) : null,
      rights.is_staff_only ? el("span", { class: "chip-note", text: "staff only" }) : null,
      channel.topic ? el("span", { class: "topic", text: channel.topic }) : null,
    ].filter(Boolean);
  }

  #bot() {
    const { bot } = this.#store;
    return el(
      "span",
      { class: `bot-chip ${bot.state}`, id: "bot-chip", role: "status" },
      el("span", { class: "dot", "aria-hidden": "true" }),
      `Easel is ${botWords(bot)}`,
    );
  }
}
