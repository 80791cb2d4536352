/** One message as a row of the log. */
import { component } from "./components.js";
import { avatar, el, icon, iconButton } from "./dom.js";
import { embed } from "./embeds.js";
import { plain, render } from "./markdown.js";
import { attachments } from "./media.js";
import { shownName } from "./store.js";
import { beside, timeNode, written } from "./times.js";

const V2_FLAG = 1 << 15;
const EPHEMERAL_FLAG = 1 << 6;
const LOADING_FLAG = 1 << 7;
const PREVIEW = 140;
/** A command that was typed, not chosen from a menu. */
const SLASH = 1;

export function isEphemeral(message) {
  return Boolean(message.sandbox?.is_ephemeral || message.flags & EPHEMERAL_FLAG);
}

/**
 * @param {object} message Discord's shape
 * @param {{store: import("./store.js").Store, names: import("./names.js").Names, acts: import("./acts.js").Acts,
 *   isFirst: boolean, failure: string | null}} context `isFirst`: the author and time are shown, not just the words
 * @returns {HTMLLIElement}
 */
export function messageRow(message, context) {
  const { store, acts, isFirst } = context;
  const at = Date.parse(message.timestamp);
  const name = shownName(message.author);
  const classes = ["message", isFirst ? "first" : "following"];
  if (isEphemeral(message)) classes.push("ephemeral");
  if (message.sandbox?.pings_me) classes.push("pings-me");
  const before = above(message, context);
  return el(
    "li",
    {
      class: classes.join(" "),
      id: `message-${message.id}`,
      tabindex: "-1",
      "aria-label": `${name}, ${written(at, "t")}`,
      oncontextmenu: (event) => openMenu(event, message, acts),
    },
    before,
    isFirst
      ? avatar(name, { isBot: message.author.bot })
      : el("span", { class: "side-time", text: written(at, "t"), "aria-hidden": "true" }),
    el(
      "div",
      { class: "body" },
      isFirst ? head(message, name, at, store) : null,
      ...words(message, context),
      foot(message, context),
    ),
    tools(message, acts),
  );
}

function openMenu(event, message, acts) {
  // Links, players and marked words keep the browser's own menu.
  if (event.target.closest("a, input, audio, video") || String(getSelection())) return;
  event.preventDefault();
  acts.menu(message, event.clientX, event.clientY, event.currentTarget);
}

function head(message, name, at, store) {
  const stamp = timeNode(at, "f", "time");
  stamp.textContent = beside(at);
  const colour = store.colourOf(message.author.id);
  return el(
    "div",
    { class: "head" },
    el("span", { class: "name", text: name, style: colour ? { "--name": colour } : {} }),
    message.author.bot ? badge() : null,
    stamp,
  );
}

export function badge() {
  return el("span", { class: "badge", text: "APP", title: "This is a bot" });
}

function above(message, { store, names, acts }) {
  const uses = message.sandbox?.uses;
  if (message.message_reference) {
    const source =
      store.message(message.channel_id, message.message_reference.message_id) ?? message.referenced_message;
    const inside = source
      ? [
          avatar(shownName(source.author), { isBot: source.author.bot, small: true }),
          el("b", { text: shownName(source.author) }),
          el("span", { class: "above-words", text: preview(source, names) }),
        ]
      : [el("i", { text: "The message could not be loaded" })];
    const go = () => acts.go(message.channel_id, message.message_reference.message_id);
    return el(
      "button",
      {
        type: "button",
        class: "above",
        onclick: go,
        disabled: !source,
        "aria-label": "Go to the message this answers",
      },
      el("span", { class: "spine" }),
      inside,
    );
  }
  if (!uses) return null;
  const who = shownName(uses.user);
  return el(
    "div",
    { class: "above" },
    el("span", { class: "spine" }),
    avatar(who, { small: true }),
    el("b", { text: who }),
    " used ",
    el("span", { class: "mention", text: uses.type === SLASH ? `/${uses.command}` : uses.command }),
  );
}

/** A message in one line of plain words. */
export function preview(message, names) {
  const parts = [message.content, ...texts(message.components ?? [])].filter(Boolean).join("\n");
  const words =
    plain(parts, names) || message.embeds?.[0]?.title || (message.attachments?.length ? "a file" : "a message");
  return words.length > PREVIEW ? `${words.slice(0, PREVIEW)}…` : words;
}

function texts(components) {
  return components.flatMap((part) => [part.content ?? "", ...texts(part.components ?? [])]);
}

function words(message, context) {
  const { store, acts } = context;
  // Where nobody was called, it is just a word.
  const names = { ...context.names, isEveryoneCalled: Boolean(message.mention_everyone) };
  if (message.sandbox?.is_loading || message.flags & LOADING_FLAG) return [thinking(shownName(message.author))];
  const parts = {
    names,
    store,
    press: (customId) => acts.press(message, customId),
    choose: (customId, values) => acts.choose(message, customId, values),
  };
  const drawn = (message.components ?? []).map((part) => component(part, parts));
  const edited = message.edited_timestamp
    ? el("span", { class: "edited", text: "(edited)", title: written(Date.parse(message.edited_timestamp), "F") })
    : null;
  if (message.flags & V2_FLAG) return [el("div", { class: "components v2" }, drawn), edited];
  return [
    message.content || edited
      ? el("div", { class: "content" }, render(message.content, names), edited ? " " : null, edited)
      : null,
    ...(message.embeds ?? []).map((body) => embed(body, names)),
    ...attachments(unused(message)),
    drawn.length ? el("div", { class: "components" }, drawn) : null,
  ];
}

/** The attachments that no embed shows already. */
function unused({ attachments: files = [], embeds = [] }) {
  const path = (url) => url?.split("?")[0];
  const shown = embeds.flatMap(({ image, thumbnail }) => [path(image?.url), path(thumbnail?.url)]);
  return files.filter((file) => !shown.includes(path(file.url)));
}

export function thinking(name) {
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  return el("div", { class: "thinking" }, dots, el("span", { text: `${name} is thinking…` }));
}

function foot(message, { acts, failure, store }) {
  const { thread } = message;
  return [
    thread && thread.id !== store.channelId
      ? el(
          "button",
          { type: "button", class: "thread-mark", onclick: () => acts.go(thread.id) },
          icon("thread"),
          el("b", { text: store.channel(thread.id)?.name ?? thread.name }),
          "See thread ›",
        )
      : null,
    failure ? el("p", { class: "failure", role: "alert" }, icon("alert"), failure) : null,
    isEphemeral(message) ? onlyYou(() => acts.dismiss(message)) : null,
  ];
}

/** "Only you can see this · Dismiss message". */
export function onlyYou(dismiss) {
  return el(
    "p",
    { class: "only-you" },
    icon("eye"),
    "Only you can see this · ",
    el("button", { type: "button", class: "textual", onclick: dismiss, text: "Dismiss message" }),
  );
}

function tools(message, acts) {
  const more = iconButton(
    "dots",
    "More",
    (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      acts.menu(message, box.left, box.bottom, event.currentTarget);
    },
    { "aria-haspopup": "menu" },
  );
  const reply = isEphemeral(message) ? null : iconButton("reply", "Reply", () => acts.reply(message));
  return el("div", { class: "tools" }, reply, more);
}
