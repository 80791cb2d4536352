/** What stands beside the log: columns on a wide page, drawers on a phone. */

const PHONE = matchMedia("(max-width: 760px)");
const NARROW = matchMedia("(max-width: 1420px)");

/** Events: "change". */
export class Sides extends EventTarget {
  #open = { places: true, members: true, panel: false };
  #shade = document.getElementById("shade");

  constructor() {
    super();
    this.#shade.addEventListener("click", () => this.closeDrawers());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && PHONE.matches && !event.defaultPrevented) this.closeDrawers();
    });
    PHONE.addEventListener("change", () => this.#settle());
    this.#settle();
  }

  isOpen(side) {
    return this.#open[side];
  }

  toggle(side) {
    const isOpen = !this.#open[side];
    if (PHONE.matches) for (const other of Object.keys(this.#open)) this.#open[other] = false;
    this.#open[side] = isOpen;
    // The panel and the members do not both fit on a small screen.
    if (isOpen && NARROW.matches && side === "panel") this.#open.members = false;
    if (isOpen && NARROW.matches && side === "members") this.#open.panel = false;
    this.#apply();
    if (isOpen) document.getElementById(side).querySelector("button:not([disabled])")?.focus();
  }

  /** On a phone: back to the log. */
  closeDrawers() {
    if (!PHONE.matches) return;
    for (const side of Object.keys(this.#open)) this.#open[side] = false;
    this.#apply();
  }

  #settle() {
    this.#open = PHONE.matches ? { places: false, members: false, panel: false } : { ...this.#open, places: true };
    this.#apply();
  }

  #apply() {
    for (const [side, isOpen] of Object.entries(this.#open)) document.getElementById(side).hidden = !isOpen;
    this.#shade.hidden = !PHONE.matches || !Object.values(this.#open).some(Boolean);
    this.dispatchEvent(new Event("change"));
  }
}
