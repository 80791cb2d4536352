/** The panel beside the chat: what flows between bot, Discord and gateways, and what one can do to them. */
import { BooksView } from "./books.js";
import { el, icon, iconButton } from "./dom.js";
import { FaultsView } from "./faults.js";
import { MachineView } from "./machine.js";
import { TrafficView } from "./traffic.js";

export class Panel {
  #root = document.getElementById("panel");
  #tell;
  #views;
  #tabs;
  #open = "traffic";
  #isTold = false;

  /**
   * @param {import("./store.js").Store} store
   * @param {(verb: string, fields?: object) => Promise<object | null>} tell asks the server; refusals are shown
   */
  constructor(store, tell) {
    this.#tell = tell;
    this.traffic = new TrafficView();
    this.books = new BooksView();
    this.faults = new FaultsView(tell);
    this.machine = new MachineView(store, tell);
    this.#views = { traffic: this.traffic, books: this.books, faults: this.faults, machine: this.machine };
    this.#draw();
  }

  /** Tells the server whether this window looks inside, where that changed. */
  follow() {
    const isShown = !this.#root.hidden;
    if (isShown === this.#isTold) return;
    this.#isTold = isShown;
    this.#tell("panel", { on: isShown });
  }

  /** A new connection knows nothing of it. */
  followAnew() {
    this.#isTold = false;
    this.follow();
  }

  takeTraffic(frame) {
    this.traffic.take(frame.items);
  }

  takePanel(frame) {
    this.books.take(frame);
    this.faults.take(frame.faults, frame.gateways);
    this.traffic.tell(frame);
    this.#tabs.faults.classList.toggle("marked", frame.faults.active.length > 0);
  }

  #draw() {
    const names = { traffic: "Traffic", books: "Queue and books", faults: "Faults", machine: "Bot and time" };
    this.#tabs = Object.fromEntries(
      Object.entries(names).map(([key, label]) => [
        key,
        el("button", {
          type: "button",
          class: "tab",
          role: "tab",
          id: `tab-${key}`,
          "aria-controls": `view-${key}`,
          text: label,
          onclick: () => this.#choose(key),
        }),
      ]),
    );
    const bar = el(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "Inside the sandbox", onkeydown: (event) => this.#key(event) },
      Object.values(this.#tabs),
    );
    for (const [key, view] of Object.entries(this.#views)) {
      view.node.id = `view-${key}`;
      view.node.setAttribute("role", "tabpanel");
      view.node.setAttribute("aria-labelledby", `tab-${key}`);
    }
    const head = el(
      "header",
      { class: "panel-head" },
      icon("gauge"),
      el("h2", { text: "Inside the sandbox" }),
      iconButton("close", "Close the panel", () => {
        document.getElementById("panel-toggle").click();
        document.getElementById("panel-toggle").focus();
      }),
    );
    this.#root.replaceChildren(head, bar, ...Object.values(this.#views).map((view) => view.node));
    this.#choose("traffic");
  }

  #choose(key) {
    this.#open = key;
    for (const [name, tab] of Object.entries(this.#tabs)) {
      tab.setAttribute("aria-selected", String(name === key));
      tab.tabIndex = name === key ? 0 : -1;
      this.#views[name].node.hidden = name !== key;
    }
  }

  #key(event) {
    const keys = Object.keys(this.#tabs);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#choose(keys[(keys.indexOf(this.#open) + step + keys.length) % keys.length]);
    this.#tabs[this.#open].focus();
  }
}
