/** Switches that break things, drawn from what the server says can break. */
import { el } from "./dom.js";

export class FaultsView {
  node = el("section", { class: "panel-view faults-view" });
  #tell;
  #active = el("ul", { class: "active-faults" });
  #forms = el("div");
  #drawn = "";

  /** @param {(verb: string, fields?: object) => Promise<object | null>} tell */
  constructor(tell) {
    this.#tell = tell;
    const clear = el("button", {
      type: "button",
      class: "button secondary",
      text: "Clear all faults",
      onclick: () => tell("clear_faults"),
    });
    this.node.append(el("h3", { text: "In force" }), this.#active, clear, this.#forms);
  }

  /**
   * @param {{discord: object[], gateway: object[], active: string[]}} faults
   * @param {string[]} gateways the pretend gateways' names
   */
  take(faults, gateways) {
    this.#active.replaceChildren(
      ...(faults.active.length ? faults.active : ["None"]).map((text) => el("li", { text })),
    );
    // Drawn anew only when what can break changes: a half-filled form is kept.
    const shape = JSON.stringify([faults.discord, faults.gateway, gateways]);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    this.#forms.replaceChildren(
      el("h3", { text: "Discord" }),
      ...faults.discord.map((fault) => this.#form("fault_discord", fault)),
      el("h3", { text: "Picture gateways" }),
      ...faults.gateway.map((fault) =>
        this.#form("fault_gateway", { ...fault, fields: [whichGateway(gateways), ...fault.fields] }),
      ),
    );
  }

  #form(verb, { kind, label, fields }) {
    const inputs = fields.map(input);
    const onsubmit = (event) => {
      event.preventDefault();
      const given = Object.fromEntries(inputs.map((one) => [one.name, one.value()]));
      this.#tell(verb, { kind, ...given });
    };
    return el(
      "form",
      { class: "fault", onsubmit },
      el("span", { class: "fault-label", text: label }),
      inputs.map((one) => one.node),
      el("button", { type: "submit", class: "button secondary", text: "Apply", "aria-label": `Apply: ${label}` }),
    );
  }
}

function whichGateway(names) {
  const choices = [{ value: "*", label: "all" }, ...names.map((name) => ({ value: name, label: name }))];
  return { name: "gateway", label: "At", type: "choice", default: "*", choices };
}

function input({ name, label, type, default: preset, choices }) {
  if (type === "choice") {
    const options = choices.map((choice) =>
      el("option", { value: choice.value, selected: choice.value === preset, text: choice.label }),
    );
    const select = el("select", { "aria-label": label }, options);
    return { name, node: el("label", {}, label, select), value: () => select.value };
  }
  const box = el("input", {
    type: type === "number" ? "number" : "text",
    step: "any",
    value: preset ?? "",
    "aria-label": label,
  });
  // An empty field is no number; the server says so.
  const value = () => (type === "number" && box.value !== "" ? Number(box.value) : box.value);
  return { name, node: el("label", {}, label, box), value };
}
