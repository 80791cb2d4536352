/** What Discord's Markdown knows within a line: emphasis, code, links, mentions, times, escapes. */
import { el, safeUrl } from "./dom.js";
import { timeNode } from "./times.js";

const BODY = "((?:\\\\[\\s\\S]|[^\\\\])+?)";
// How deep emphasis may stand in emphasis.
const DEPTH = 10;
const JUMP = /^https?:\/\/(?:\w+\.)?discord(?:app)?\.com\/channels\/(\d+|@me)\/(\d+)(?:\/(\d+))?\/?$/;

/** Rules in the order they are tried; each sees the text from where it stands (sticky). */
const RULES = [
  [/\\([^0-9A-Za-z\s])/y, (found) => found[1]],
  [
    /(`+)([\s\S]*?[^`])\1(?!`)/y,
    (found) => el("code", { class: "code", text: found[2].replace(/^ (?=.*` $| ?`)|(?<=`) $/g, "") }),
  ],
  [/<@!?(\d{1,20})>/y, (found, names) => names.mention("user", found[1])],
  [/<@&(\d{1,20})>/y, (found, names) => names.mention("role", found[1])],
  [/<#(\d{1,20})>/y, (found, names) => names.mention("channel", found[1])],
  [
    /@(?:everyone|here)\b/y,
    (found, names) => (names.isEveryoneCalled ? el("span", { class: "mention", text: found[0] }) : found[0]),
  ],
  [/<\/([-_\p{L}\p{N}]{1,32}(?: [-_\p{L}\p{N}]{1,32}){0,2}):(\d{1,20})>/uy, (found, names) => names.command(found[1])],
  [/<t:(-?\d{1,13})(?::([tTdDfFsSR]))?>/y, (found) => timeNode(Number(found[1]) * 1000, found[2])],
  [/<a?:(\w{2,32}):\d{1,20}>/y, (found) => `:${found[1]}:`],
  [/<(https?:\/\/[^\s<>]+)>/y, (found, names) => link(found[1], null, names)],
  [
    /\[((?:\\.|[^\]\\[]|\[[^\]]*\])+)\]\(\s*<?(https?:\/\/[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/y,
    masked,
  ],
  [/https?:\/\/[^\s<]*[^\s<.,:;"'\])*_~|]/y, (found, names) => link(found[0], null, names)],
  [
    new RegExp(`\\*\\*\\*${BODY}\\*\\*\\*(?!\\*)`, "y"),
    (found, names, depth) => el("em", {}, el("strong", {}, parse(found[1], names, depth))),
  ],
  [new RegExp(`\\*\\*${BODY}\\*\\*(?!\\*)`, "y"), wrap("strong")],
  [new RegExp(`__${BODY}__(?!_)`, "y"), wrap("u")],
  [/\*(?=\S)((?:\\[\s\S]|\*\*(?:\\[\s\S]|[^*\\])+?\*\*|[^\s*\\]|\s+(?=[^\s*]|\*\*))+?)\*(?!\*)/y, wrap("em")],
  [/_((?:\\[\s\S]|__(?:\\[\s\S]|[^_\\])+?__|[^_\\])+?)_(?!\w)/y, wrap("em")],
  [new RegExp(`~~${BODY}~~`, "y"), wrap("s")],
  [new RegExp(`\\|\\|${BODY}\\|\\|`, "y"), (found, names, depth) => spoiler(parse(found[1], names, depth))],
];
// Where a rule may begin; anything before that is plain text.
const SPECIAL = /[\\`<[*_~|@]|https?:\/\//g;

/**
 * The nodes and strings for a run of text.
 * @returns {Array<Node | string>}
 */
export function inline(text, names) {
  return parse(text, names, 0);
}

function parse(text, names, depth) {
  const out = [];
  let at = 0;
  while (at < text.length) {
    const [node, length] = depth < DEPTH ? ruleAt(text, at, names, depth) : [null, 0];
    if (node !== null) {
      out.push(node);
      at += length;
      continue;
    }
    SPECIAL.lastIndex = at + 1;
    const next = SPECIAL.exec(text)?.index ?? text.length;
    const end = depth < DEPTH ? skipWord(text, at, next) : text.length;
    out.push(...lines(text.slice(at, end)));
    at = end;
  }
  return out;
}

/** An underscore within a word (snake_case) begins nothing. */
function skipWord(text, at, next) {
  let end = next;
  while (text[end] === "_" && /\w/.test(text[end - 1] ?? "") && text[end + 1] !== "_" && text[end - 1] !== "_") {
    SPECIAL.lastIndex = end + 1;
    end = SPECIAL.exec(text)?.index ?? text.length;
  }
  return end;
}

function ruleAt(text, at, names, depth) {
  for (const [pattern, make] of RULES) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return [make(found, names, depth + 1), found[0].length];
  }
  return [null, 0];
}

function lines(text) {
  return text.split("\n").flatMap((line, place) => (place ? [el("br"), line] : [line]));
}

function wrap(tag) {
  return (found, names, depth) => el(tag, {}, parse(found[1], names, depth));
}

function masked(found, names, depth) {
  const shown = parse(found[1], names, depth);
  return link(found[2], shown, names);
}

function link(address, shown, names) {
  const jump = JUMP.exec(address);
  if (jump) return names.jump(jump[2], jump[3], shown);
  const href = safeUrl(address);
  if (href === null) return document.createTextNode(address);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, shown ?? address);
}

/** Covered text; a press or Enter uncovers it. */
function spoiler(inner) {
  const node = el(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler", "aria-expanded": "false" },
    el("span", {}, inner),
  );
  const reveal = () => {
    node.classList.add("revealed");
    for (const name of ["role", "tabindex", "aria-label", "aria-expanded"]) node.removeAttribute(name);
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      reveal();
    }
  });
  return node;
}
