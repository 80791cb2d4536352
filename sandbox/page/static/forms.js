/** Forms, as bots open them (modals) and as this page uses them itself: drawn, checked, and sent off. */
import { Kind } from "./components.js";
import { el, iconButton } from "./dom.js";
import { field } from "./fields.js";
import { render } from "./markdown.js";

let labels = 0;

/**
 * Opens a form; one that is open already is closed first.
 * @param {{title: string, components: object[]}} modal in Discord's shape
 * @param {{store: import("./store.js").Store, names: import("./names.js").Names,
 *   send: (values: object) => Promise<unknown>, giveUp: () => void}} context `send` rejects with what was refused
 */
export function openForm(modal, { store, names, send, giveUp }) {
  document.querySelector("dialog.form")?.close();
  const back = document.activeElement;
  const parts = modal.components.map((part) => drawn(part, store, names));
  const fields = parts.flatMap((part) => part.fields);
  const error = el("p", { class: "form-error", role: "alert", hidden: true });
  const cancel = el("button", { type: "button", class: "button plain", text: "Cancel", onclick: () => dialog.close() });
  const submit = el("button", { type: "submit", class: "button primary", text: "Submit" });
  const title = el("h2", { id: "form-title", text: modal.title });
  const form = el(
    "form",
    { method: "dialog", novalidate: true },
    el(
      "header",
      {},
      title,
      iconButton("close", "Close the form", () => dialog.close()),
    ),
    el(
      "div",
      { class: "form-body" },
      parts.map((part) => part.node),
      error,
    ),
    el("footer", {}, cancel, submit),
  );
  const dialog = el("dialog", { class: "form", "aria-labelledby": "form-title" }, form);
  let isSent = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    if (!isFilled(fields)) return;
    submit.disabled = true;
    const values = Object.fromEntries(fields.map((one) => [one.customId, one.value()]));
    try {
      await send(values);
      isSent = true;
      dialog.close();
    } catch (refused) {
      error.hidden = false;
      error.textContent = refused.message;
      submit.disabled = false;
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (!isSent) giveUp();
    (back?.isConnected ? back : document.getElementById("composer-text")).focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector(".form-body :is(input, textarea, button.select)")?.focus();
}

/** Says beside each field what is wrong with it; true when all are well. */
function isFilled(fields) {
  let firstWrong = null;
  for (const one of fields) {
    const problem = one.problem();
    one.complain(problem);
    firstWrong ??= problem ? one : null;
  }
  firstWrong?.node.querySelector("input, textarea, button")?.focus();
  return firstWrong === null;
}

/** A part of a form: its node, and the fields within. */
function drawn(part, store, names) {
  if (part.type === Kind.TEXT_DISPLAY)
    return { node: el("div", { class: "text" }, render(part.content, names)), fields: [] };
  if (part.type === Kind.LABEL) return labelled(part.component, part.label, part.description, store);
  if (part.type === Kind.ACTION_ROW) {
    const rows = part.components.map((inner) => labelled(inner, inner.label ?? "", null, store));
    return {
      node: el(
        "div",
        {},
        rows.map((row) => row.node),
      ),
      fields: rows.flatMap((row) => row.fields),
    };
  }
  return {
    node: el("p", { class: "unknown", text: `A part of kind ${part.type}, which this page does not draw.` }),
    fields: [],
  };
}

function labelled(component, label, description, store) {
  const id = `form-field-${(labels += 1)}`;
  const made = field(component, store, id);
  if (!made)
    return {
      node: el("p", { class: "unknown", text: `A field of kind ${component.type}, which this page does not draw.` }),
      fields: [],
    };
  const isGroup = [Kind.RADIO_GROUP, Kind.CHECKBOX_GROUP].includes(component.type);
  const star =
    component.required === false || component.type === Kind.CHECKBOX
      ? null
      : el("span", { class: "star", "aria-hidden": "true", text: " *" });
  const head = isGroup ? el("legend", { id: `${id}-label` }, label, star) : el("label", { for: id }, label, star);
  const complaint = el("p", { class: "form-complaint", role: "alert", hidden: true, id: `${id}-complaint` });
  const control = isGroup ? made.node : made.node.querySelector("input, textarea, .select");
  if (isGroup) control.setAttribute("aria-labelledby", `${id}-label`);
  control.setAttribute("aria-describedby", `${description ? `${id}-description ` : ""}${id}-complaint`);
  const complain = (text) => {
    complaint.hidden = !text;
    complaint.textContent = text ?? "";
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  // What was complained about and is mended is no longer said.
  for (const kind of ["input", "change", "closed"])
    made.node.addEventListener(kind, () => complaint.hidden || complain(made.problem()));
  const node = el(
    isGroup ? "fieldset" : "div",
    { class: "form-field" },
    head,
    description ? el("p", { class: "form-description", id: `${id}-description`, text: description }) : null,
    made.node,
    complaint,
  );
  made.node.querySelector(".select")?.setAttribute("id", id);
  return { node, fields: [{ ...made, complain }] };
}
