/** Pictures, galleries, audio and other files, covered where they are spoilers, with their alt text. */
import { bytes, el, icon, isOwn, safeUrl } from "./dom.js";

// What was uncovered stays so while the page is open, also when the message is drawn anew.
const revealed = new Set();

/**
 * One picture or file to show.
 * @typedef {{url: string, alt: string | null, isSpoiler: boolean, width?: number, height?: number,
 *   type?: string | null, name?: string, size?: number}} Shown
 */

/** @returns {Shown} for an attachment of a message */
function fromAttachment(file) {
  return {
    url: file.url,
    alt: file.description ?? null,
    isSpoiler: file.filename.startsWith("SPOILER_"),
    width: file.width,
    height: file.height,
    type: file.content_type,
    name: file.filename,
    size: file.size,
  };
}

/** @returns {Shown} for an item of a gallery, or a thumbnail */
export function fromItem(item) {
  const { url, width, height, content_type: type } = item.media;
  return { url, alt: item.description ?? null, isSpoiler: Boolean(item.spoiler), width, height, type };
}

/** A gallery of one to ten, laid out as Discord lays it out. */
export function gallery(items) {
  return el(
    "div",
    { class: `gallery count-${items.length}` },
    items.map((item) => picture(item, { isAlone: items.length === 1 })),
  );
}

/** One picture that opens large; what lies elsewhere is named, not fetched. */
export function picture(shown, { isAlone = false } = {}) {
  if (!isOwn(shown.url)) return elsewhere(shown.url);
  if (shown.type?.startsWith("video/"))
    return cover(el("video", { class: "video", src: shown.url, controls: true, "aria-label": shown.alt }), shown);
  const size = isAlone && shown.width && shown.height ? { width: shown.width, height: shown.height } : {};
  const image = el("img", {
    src: shown.url,
    alt: shown.alt ?? "",
    title: shown.alt,
    loading: "eager",
    decoding: "async",
    ...size,
  });
  const label = shown.alt ? `Open picture: ${shown.alt}` : "Open picture";
  const open = el(
    "button",
    { type: "button", class: "picture", "aria-label": label, onclick: () => enlarge(shown) },
    image,
  );
  return cover(open, shown);
}

function elsewhere(url) {
  const href = safeUrl(url);
  return el(
    "p",
    { class: "elsewhere" },
    "A picture from elsewhere: ",
    href ? el("a", { href, target: "_blank", rel: "noopener noreferrer", text: url }) : url,
  );
}

/** Lays the cover over a spoiler. */
export function cover(inner, shown) {
  if (!shown.isSpoiler || revealed.has(shown.url)) return el("div", { class: "tile" }, inner);
  const tile = el("div", { class: "tile covered" }, el("div", { class: "blurred", inert: true }, inner));
  const uncover = () => {
    revealed.add(shown.url);
    tile.replaceWith(el("div", { class: "tile" }, inner));
    inner.focus?.();
  };
  tile.append(el("button", { type: "button", class: "cover", onclick: uncover }, el("span", { text: "Spoiler" })));
  return tile;
}

function enlarge(shown) {
  const image = el("img", { src: shown.url, alt: shown.alt ?? "" });
  const close = el(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() },
    icon("close"),
  );
  const foot = el(
    "footer",
    {},
    shown.alt ? el("p", { text: shown.alt }) : null,
    el("a", { href: shown.url, target: "_blank", rel: "noopener noreferrer", text: "Open in browser" }),
  );
  const dialog = el("dialog", { class: "lightbox", "aria-label": "Picture" }, close, image, foot);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** A file that is no picture: an audio player, or a card with name, size and a link. */
export function file(shown) {
  const isAudio = shown.type?.startsWith("audio/");
  const href = safeUrl(shown.url);
  const name = shown.name ?? shown.url.split("/").pop().split("?")[0];
  const card = el(
    "div",
    { class: "file" },
    icon(isAudio ? "sound" : "file"),
    el(
      "div",
      { class: "file-text" },
      href
        ? el("a", { href, download: name, target: "_blank", rel: "noopener noreferrer", text: name, title: shown.alt })
        : el("span", { text: name }),
      typeof shown.size === "number" ? el("small", { text: bytes(shown.size) }) : null,
    ),
    isAudio && isOwn(shown.url)
      ? el("audio", { src: shown.url, controls: true, preload: "metadata", "aria-label": shown.alt ?? name })
      : null,
  );
  return cover(card, shown);
}

/** Attachments below a message's text: pictures together, then the rest. */
export function attachments(files) {
  const shown = files.map(fromAttachment);
  const isPicture = (one) => one.type?.startsWith("image/") || one.type?.startsWith("video/");
  const pictures = shown.filter(isPicture);
  return [pictures.length ? gallery(pictures.slice(0, 10)) : null, ...shown.filter((one) => !isPicture(one)).map(file)];
}
