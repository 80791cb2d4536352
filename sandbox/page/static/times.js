/** The sandbox's clock on this page, and times written as Discord writes them. */

const SECOND = 1000;
const DAY = 86_400 * SECOND;
// The unit changes where the next larger one reads better.
const UNITS = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["day", DAY],
  ["hour", 3_600 * SECOND],
  ["minute", 60 * SECOND],
  ["second", SECOND],
];
const DAY_IN_FIGURES = { year: "numeric", month: "2-digit", day: "2-digit" };
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: DAY_IN_FIGURES,
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { ...DAY_IN_FIGURES, hour: "numeric", minute: "2-digit" },
  S: { ...DAY_IN_FIGURES, hour: "numeric", minute: "2-digit", second: "2-digit" },
};
const relativeWords = new Intl.RelativeTimeFormat("en", { numeric: "always" });

let ahead = 0;

/** Sets the page's clock to the sandbox's, which a person can put forward. */
export function setClock(nowMs) {
  ahead = nowMs - Date.now();
  tick();
}

/** Now, in milliseconds, as the sandbox sees it. */
export function now() {
  return Date.now() + ahead;
}

/** "in 14 seconds", "2 minutes ago". */
function relative(atMs, nowMs = now()) {
  const distance = atMs - nowMs;
  for (const [unit, length] of UNITS) {
    const count = Math.round(distance / length);
    if (Math.abs(distance) >= length || unit === "second") return relativeWords.format(count || 0, unit);
  }
  return "";
}

/** A time in one of Discord's styles (t T d D f F s S R). */
export function written(atMs, style = "f", nowMs = now()) {
  if (style === "R") return relative(atMs, nowMs);
  return new Intl.DateTimeFormat(undefined, STYLES[style] ?? STYLES.f).format(atMs);
}

/** A `<time>` that goes on ticking where its style is relative. */
export function timeNode(atMs, style = "f", className = "stamp") {
  const node = document.createElement("time");
  const date = new Date(atMs);
  node.className = className;
  // Discord shows what lies beyond the calendar as it was written.
  if (Number.isNaN(date.getTime())) {
    node.textContent = `<t:${atMs / SECOND}:${style}>`;
    return node;
  }
  node.dateTime = date.toISOString();
  node.title = written(atMs, "F");
  node.textContent = written(atMs, style);
  if (style === "R") node.dataset.relative = String(atMs);
  return node;
}

function tick() {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Number(node.dataset.relative));
    if (node.textContent !== text) node.textContent = text;
  }
}

/** Starts the ticking; once for the page. */
export function startTicking() {
  setInterval(tick, SECOND);
}

/** The time beside a message's author: the hour today, with the day before that. */
export function beside(atMs, nowMs = now()) {
  const days = dayNumber(nowMs) - dayNumber(atMs);
  if (days === 0) return written(atMs, "t");
  if (days === 1) return `Yesterday at ${written(atMs, "t")}`;
  return written(atMs, "s");
}

/** Which local day a moment lies in, to tell days apart. */
export function dayNumber(atMs) {
  const date = new Date(atMs);
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY);
}
