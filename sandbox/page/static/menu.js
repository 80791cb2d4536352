/** A small menu at a place on the page: by pointer or by keys. */
import { el, icon } from "./dom.js";

/**
 * @typedef {{label: string, icon?: string, run: () => void, isDanger?: boolean, heading?: string}} Item
 */

/**
 * Opens a menu; it closes when something is chosen, on Escape, and when the focus leaves.
 * @param {Item[]} items
 * @param {{x: number, y: number, back: HTMLElement, label: string}} place `back` gets the focus again
 */
export function openMenu(items, { x, y, back, label }) {
  document.querySelector(".menu")?.remove();
  const menu = el("div", { class: "menu", role: "menu", "aria-label": label });
  let isOpen = true;
  const close = ({ refocus }) => {
    if (!isOpen) return;
    isOpen = false;
    menu.remove();
    if (refocus && back?.isConnected) back.focus();
  };
  let heading = null;
  for (const item of items) {
    if (item.heading && item.heading !== heading)
      menu.append(el("div", { class: "menu-heading", role: "presentation", text: item.heading }));
    heading = item.heading;
    menu.append(row(item, close));
  }
  menu.addEventListener("keydown", (event) => onKey(event, menu, close));
  menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || close({ refocus: false }));
  document.body.append(menu);
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(4, Math.min(x, innerWidth - box.width - 8))}px`;
  menu.style.top = `${Math.max(4, Math.min(y, innerHeight - box.height - 8))}px`;
  menu.querySelector("[role=menuitem]")?.focus();
}

function row(item, close) {
  const run = () => {
    close({ refocus: true });
    item.run();
  };
  return el(
    "button",
    {
      type: "button",
      class: item.isDanger ? "menu-row danger" : "menu-row",
      role: "menuitem",
      tabindex: "-1",
      onclick: run,
    },
    el("span", { text: item.label }),
    item.icon ? icon(item.icon) : null,
  );
}

function onKey(event, menu, close) {
  const rows = [...menu.querySelectorAll("[role=menuitem]")];
  const at = rows.indexOf(document.activeElement);
  if (event.key === "Escape" || event.key === "Tab") close({ refocus: true });
  else if (event.key === "ArrowDown") rows[(at + 1) % rows.length].focus();
  else if (event.key === "ArrowUp") rows[(at - 1 + rows.length) % rows.length].focus();
  else if (event.key === "Home") rows[0].focus();
  else if (event.key === "End") rows.at(-1).focus();
  else return;
  event.preventDefault();
}
