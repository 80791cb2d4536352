/**
 * Discord's Markdown as nodes: blocks here (fences, quotes, headings, lists), what stands within a line in inline.js.
 * Source: Discord's help page "Markdown Text 101" and its reference of message formatting.
 */
import { el } from "./dom.js";
import { inline } from "./inline.js";

const FENCE = /^```(?:([\w+#.-]+)\n)?([\s\S]*?)```\n?/;
const HEADING = /^(#{1,3}) +(.+)$/;
const SMALL = /^-# +(.+)$/;
const ITEM = /^( *)([-*]|\d{1,9}\.) +(.*)$/;
// Quotes and lists may stand within each other; nobody reads deeper than this.
const DEPTH = 6;

/**
 * The nodes for a text.
 * @param {string} text
 * @param {import("./names.js").Names} names who and what ids stand for, and what a click on them does
 * @returns {DocumentFragment}
 */
export function render(text, names) {
  const out = document.createDocumentFragment();
  out.append(...blocks(text, names, 0));
  return out;
}

/** The text without its marks, for previews and for reading aloud. */
export function plain(text, names) {
  const holder = document.createElement("div");
  holder.append(render(text, names));
  for (const line of holder.querySelectorAll("br, h1, h2, h3, li, small, blockquote, pre")) {
    line.before(" ");
    line.after(" ");
  }
  for (const hidden of holder.querySelectorAll(".spoiler")) hidden.textContent = "spoiler";
  return holder.textContent.replace(/\s+/g, " ").trim();
}

function blocks(text, names, depth) {
  const found = [];
  let rest = text.replaceAll("\r\n", "\n");
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) found.push(...inline(paragraph.join("\n"), names));
    paragraph = [];
  };
  while (rest) {
    const fence = FENCE.exec(rest);
    if (fence) {
      flush();
      found.push(
        el(
          "pre",
          { class: "fence", tabindex: "0", "data-language": fence[1] },
          el("code", { text: fence[2].replace(/^\n|\n$/g, "") }),
        ),
      );
      rest = rest.slice(fence[0].length);
      continue;
    }
    const [block, length] = depth < DEPTH ? special(rest, names, depth) : [null, 0];
    if (block) {
      flush();
      found.push(block);
      rest = rest.slice(length);
      continue;
    }
    [rest, paragraph] = takeLine(rest, paragraph);
  }
  flush();
  return found;
}

/** One more line of the paragraph; a fence that opens within the line ends it there. */
function takeLine(rest, paragraph) {
  const end = rest.indexOf("\n");
  const line = end < 0 ? rest : rest.slice(0, end);
  const fence = line.indexOf("```", 1);
  if (fence > 0 && FENCE.test(rest.slice(fence))) return [rest.slice(fence), [...paragraph, line.slice(0, fence)]];
  return [end < 0 ? "" : rest.slice(end + 1), [...paragraph, line]];
}

/** A heading, small line, quote or list at the start of `rest`, and how long it is. */
function special(rest, names, depth) {
  const end = rest.indexOf("\n");
  const line = end < 0 ? rest : rest.slice(0, end);
  const after = end < 0 ? rest.length : end + 1;
  const heading = HEADING.exec(line);
  if (heading) return [el(`h${heading[1].length}`, { class: "heading" }, inline(heading[2], names)), after];
  const small = SMALL.exec(line);
  if (small) return [el("small", { class: "subtext" }, inline(small[1], names)), after];
  if (rest.startsWith(">>> ")) return [quote(rest.slice(4), names, depth), rest.length];
  if (line.startsWith("> ") || line === ">") return quoteLines(rest, names, depth);
  if (ITEM.test(line)) return listLines(rest, names);
  return [null, 0];
}

function quote(text, names, depth) {
  return el("blockquote", {}, blocks(text, names, depth + 1));
}

function linesWhile(rest, test) {
  const taken = [];
  let length = 0;
  for (const line of rest.split("\n")) {
    if (!test(line)) break;
    taken.push(line);
    length += line.length + 1;
  }
  return [taken, Math.min(length, rest.length)];
}

function quoteLines(rest, names, depth) {
  const [lines, length] = linesWhile(rest, (line) => line.startsWith("> ") || line === ">");
  return [quote(lines.map((line) => line.slice(2)).join("\n"), names, depth), length];
}

function listLines(rest, names) {
  const [lines, length] = linesWhile(rest, (line) => ITEM.test(line));
  const items = lines.map((line) => {
    const [, indent, mark, text] = ITEM.exec(line);
    return { level: Math.min(DEPTH, Math.floor(indent.length / 2)), mark, text };
  });
  return [list(items, names), length];
}

/** Items deeper than the first go into a list of their own below the item before them. */
function list(items, names) {
  const { level, mark } = items[0];
  const isOrdered = /\d/.test(mark);
  const out = el(isOrdered ? "ol" : "ul", isOrdered ? { start: Number.parseInt(mark, 10) } : {});
  let at = 0;
  while (at < items.length) {
    let next = at + 1;
    while (next < items.length && items[next].level > level) next += 1;
    const below = items.slice(at + 1, next);
    out.append(el("li", {}, inline(items[at].text, names), below.length ? list(below, names) : null));
    at = next;
  }
  return out;
}
