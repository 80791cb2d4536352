/** What the pretend gateways have in hand and have charged, beside what the bot's ledger says. */
import { el } from "./dom.js";

function table(label, head, rows) {
  if (!rows.length) return el("p", { class: "panel-note", text: `${label}: nothing yet` });
  return el(
    "table",
    {},
    el("caption", { text: label }),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        head.map((text) => el("th", { scope: "col", text })),
      ),
    ),
    el(
      "tbody",
      {},
      rows.map((row) =>
        el(
          "tr",
          {},
          row.map((text) => el("td", { text: String(text) })),
        ),
      ),
    ),
  );
}

export class BooksView {
  node = el("section", { class: "panel-view books-view" });

  take({ queue, book, ledger }) {
    const inHand = queue.map((one) => [
      one.gateway,
      one.id,
      one.state,
      typeof one.seconds_left === "number" ? `${one.seconds_left.toFixed(1)} s` : "",
    ]);
    const charged = book.rows
      .toReversed()
      .map((row) => [row.gateway, row.usd, row.pictures, row.is_refunded ? "refunded" : ""]);
    const problems = (ledger?.problems ?? []).map((text) => el("li", { text }));
    this.node.replaceChildren(
      el(
        "dl",
        { class: "sums" },
        pair("Gateways charged", book.total_usd),
        ledger ? pair("Ledger spent", ledger.spent_usd) : null,
        ledger ? pair("Ledger holds", ledger.held_usd) : null,
        ledger ? pair("Both together", ledger.verdict) : null,
      ),
      problems.length ? el("ul", { class: "bad" }, problems) : "",
      table("In the gateways' queue", ["Gateway", "Work", "State", "Left"], inHand),
      table("The gateways' book, newest first", ["Gateway", "Charged", "Pictures", ""], charged),
    );
  }
}

function pair(name, value) {
  return el("div", {}, el("dt", { text: name }), el("dd", { text: value }));
}
