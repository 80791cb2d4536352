/** Classic embeds. */
import { el, safeUrl } from "./dom.js";
import { render } from "./markdown.js";
import { picture } from "./media.js";
import { written } from "./times.js";

/** @returns {Node} for an embed as the API gives it */
export function embed(body, names) {
  const colour = body.color ? `#${body.color.toString(16).padStart(6, "0")}` : null;
  return el(
    "article",
    { class: "embed", style: colour ? { "--accent": colour } : {} },
    el(
      "div",
      { class: "embed-text" },
      body.author ? linked("embed-author", body.author.name, body.author.url) : null,
      body.title ? linked("embed-title", body.title, body.url) : null,
      body.description ? el("div", { class: "embed-description" }, render(body.description, names)) : null,
      body.fields?.length ? fields(body.fields, names) : null,
    ),
    body.thumbnail
      ? el("div", { class: "embed-thumbnail" }, picture({ url: body.thumbnail.url, alt: null, isSpoiler: false }))
      : null,
    body.image
      ? el(
          "div",
          { class: "embed-image" },
          picture({ url: body.image.url, alt: null, isSpoiler: false }, { isAlone: true }),
        )
      : null,
    footer(body),
  );
}

function linked(className, text, url) {
  const href = url ? safeUrl(url) : null;
  return el(
    "div",
    { class: className },
    href ? el("a", { href, target: "_blank", rel: "noopener noreferrer", text }) : text,
  );
}

function fields(list, names) {
  return el(
    "dl",
    { class: "embed-fields" },
    list.map((field) =>
      el(
        "div",
        { class: field.inline ? "inline" : "" },
        el("dt", {}, render(field.name, names)),
        el("dd", {}, render(field.value, names)),
      ),
    ),
  );
}

function footer(body) {
  const parts = [body.footer?.text, body.timestamp ? written(Date.parse(body.timestamp), "s") : null].filter(Boolean);
  return parts.length ? el("footer", { class: "embed-footer", text: parts.join(" • ") }) : null;
}
