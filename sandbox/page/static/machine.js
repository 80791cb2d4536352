/** The bot's process, the clock and the speed of drawing. */
import { el } from "./dom.js";
import { now, written } from "./times.js";

const FORWARD = [
  ["1 minute", 60],
  ["15 minutes", 900],
  ["1 hour", 3600],
  ["1 day", 86_400],
];
const ACTIONS = [
  ["start", "Start", "secondary"],
  ["restart", "Restart", "secondary"],
  ["stop", "Stop", "secondary"],
  ["kill", "Kill", "danger"],
];
const WORDS = { running: "running", starting: "starting…", stopping: "stopping…", dead: "not running" };

const FORWARDED =
  "This is Discord's clock alone: after 15 minutes it takes no more edits of a card, after a day a picture's address has " +
  "ended. The bot's own clock goes on as it did, so a card that it cannot edit any more keeps the words it had.";
const KILLED =
  "Killed while a picture is drawn, the bot finds it after its next start. Locus, and every gateway with a question or " +
  "words to speak, answers while the bot waits: killed then, the bot says that nobody knows what became of it.";

/** The bot's state in words. */
export function botWords(bot) {
  return WORDS[bot.state] ?? bot.state;
}

export class MachineView {
  #store;
  #buttons;
  #state = el("p", { class: "bot-state" });
  #clock = el("p", { class: "panel-note" });
  #factor = el("output", {});

  /**
   * @param {import("./store.js").Store} store
   * @param {(verb: string, fields?: object) => Promise<object | null>} tell
   */
  constructor(store, tell) {
    this.#store = store;
    this.#buttons = Object.fromEntries(
      ACTIONS.map(([action, label, look]) => [
        action,
        el("button", {
          type: "button",
          class: `button ${look}`,
          text: label,
          "data-bot": action,
          onclick: () => tell("bot", { action }),
        }),
      ]),
    );
    this.slider = el("input", {
      type: "range",
      min: "1",
      max: "20",
      step: "1",
      id: "speed",
      oninput: () => this.#tellFactor(),
      onchange: () => tell("speed", { factor: Number(this.slider.value) }),
    });
    this.node = el(
      "section",
      { class: "panel-view machine-view" },
      el("h3", { text: "The bot's process" }),
      this.#state,
      el("div", { class: "row" }, Object.values(this.#buttons)),
      el("p", { class: "panel-note", text: KILLED }),
      el("h3", { text: "Speed of drawing" }),
      el(
        "div",
        { class: "speed" },
        el("label", { for: "speed", class: "hidden-words", text: "Speed of drawing" }),
        this.slider,
        this.#factor,
      ),
      el(
        "div",
        { class: "row" },
        el("button", {
          type: "button",
          class: "button secondary",
          text: "Finish all drawings now",
          onclick: () => tell("finish_drawings"),
        }),
      ),
      el("h3", { text: "Put the clock forward" }),
      this.#clock,
      el("p", { class: "panel-note", text: FORWARDED }),
      el(
        "div",
        { class: "row" },
        FORWARD.map(([label, seconds]) =>
          el("button", {
            type: "button",
            class: "button secondary",
            text: label,
            onclick: () => tell("clock_forward", { seconds }),
          }),
        ),
      ),
    );
    store.addEventListener("state", () => this.draw());
    this.#tellFactor();
  }

  draw() {
    const { bot, speed } = this.#store;
    const after =
      typeof bot.seconds === "number" && bot.state === "running" ? `, came up in ${bot.seconds.toFixed(1)} s` : "";
    this.#state.textContent = `The bot is ${botWords(bot)}${after}. Starts: ${bot.starts}.`;
    this.#buttons.start.disabled = bot.state !== "dead";
    for (const action of ["restart", "stop", "kill"]) this.#buttons[action].disabled = bot.state === "dead";
    this.#clock.textContent = `The sandbox's clock says ${written(now(), "f")}.`;
    if (document.activeElement !== this.slider) this.slider.value = String(speed);
    this.#tellFactor();
  }

  #tellFactor() {
    this.#factor.textContent = `×${this.slider.value}`;
  }
}
