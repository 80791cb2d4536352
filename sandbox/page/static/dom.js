/**
 * Small helpers to build the page. Everything is made of nodes: what people and bots write only ever becomes
 * textContent, so markup in prompts, names and file names stays text.
 */

/**
 * Makes an element. `props` are attributes, save `class`, `text` (textContent), `style` (custom properties by name)
 * and `on…` (listeners). Children that are null or false are left out.
 * @param {string} tag
 * @param {Record<string, unknown>} [props]
 * @param {...(Node | string | null | false | Array)} children
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "class") node.className = value;
  else if (name === "text") node.textContent = value;
  else if (name === "style") for (const [key, inner] of Object.entries(value)) node.style.setProperty(key, inner);
  else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** A decorative icon; its shape is a file in icons/. */
export function icon(name) {
  return el("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}

/** Fetches all icons now: some are first seen when the server that gives them is gone. */
export function fetchIcons() {
  const sheet = [...document.styleSheets].find((one) => one.href?.endsWith("/icons.css"));
  const names = [...sheet.cssRules].map((rule) => /^\.icon-([\w-]+)$/.exec(rule.selectorText)?.[1]).filter(Boolean);
  document.body.append(el("div", { class: "hidden-words", "aria-hidden": "true" }, names.map(icon)));
}

/** A button that shows only an icon; `label` is what it says to those who do not see it. */
export function iconButton(name, label, onclick, more = {}) {
  return el(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...more },
    icon(name),
  );
}

/** The address when it may be followed (http and https alone), else null. */
export function safeUrl(text) {
  try {
    const url = new URL(text, location.href);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Whether this page may show what lies there: its own server's files alone. */
export function isOwn(text) {
  return safeUrl(text) !== null && new URL(text, location.href).origin === location.origin;
}

const AVATAR_COLOURS = 8;

/** A made-up avatar: initials on a colour, the same for the same name everywhere. */
export function avatar(name, { isBot = false, small = false } = {}) {
  const hue = isBot
    ? "bot"
    : [...String(name)].reduce((sum, letter) => (sum * 7 + letter.codePointAt(0)) % 997, 5) % AVATAR_COLOURS;
  const initials = isBot ? icon("easel") : initialsOf(name);
  return el("span", { class: `avatar avatar-${hue}${small ? " small" : ""}`, "aria-hidden": "true" }, initials);
}

/** One or two letters for a name. */
export function initialsOf(name) {
  const words = String(name)
    .replace(/\(.*\)/, "")
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0].toUpperCase())
      .join("") || "?"
  );
}

/** "1.5 MB" for a number of bytes. */
export function bytes(size) {
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${(size / 1024).toFixed(1)} KB`;
  return `${(size / 1024 / 1024).toFixed(2)} MB`;
}

const TOAST_MS = 6000;

/** Says something at the edge of the page for a few seconds; refusals land here. */
export function toast(text) {
  const note = el("p", { class: "toast", text });
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}
