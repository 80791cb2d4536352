/** What the client checks before a command is sent, said plainly: a sentence, or null when all is well. */

/** Application command option types (Discord API reference). */
export const Option = {
  SUBCOMMAND: 1,
  GROUP: 2,
  STRING: 3,
  INTEGER: 4,
  BOOLEAN: 5,
  USER: 6,
  CHANNEL: 7,
  ROLE: 8,
  MENTIONABLE: 9,
  NUMBER: 10,
  ATTACHMENT: 11,
};
export const TEXT_LIMIT = 6000;
export const MESSAGE_LIMIT = 2000;

/**
 * @param {object} spec the option as the bot registered it
 * @param {string} typed what stands in the field
 * @param {unknown} value what would be sent; undefined where the field is empty or does not read as its type
 */
export function problem(spec, typed, value) {
  if (value === undefined && typed === "") return spec.required ? "This option is required." : null;
  switch (spec.type) {
    case Option.STRING:
      if (spec.choices && value === undefined) return "Choose one of the suggestions.";
      return length(
        typed.length,
        spec.min_length ?? 0,
        spec.max_length ?? TEXT_LIMIT,
        Boolean(spec.choices || spec.autocomplete),
      );
    case Option.INTEGER:
    case Option.NUMBER:
      if (value === undefined)
        return spec.choices
          ? "Choose one of the suggestions."
          : spec.type === Option.INTEGER
            ? "Give a whole number."
            : "Give a number.";
      return spec.choices
        ? null
        : range(value, spec.min_value ?? -Number.MAX_SAFE_INTEGER, spec.max_value ?? Number.MAX_SAFE_INTEGER);
    default:
      return value === undefined ? "Choose one of the suggestions." : null;
  }
}

function length(count, low, high, isPicked) {
  if (isPicked) return null;
  if (count < low) return `At least ${low} characters; these are ${count}.`;
  if (count > high) return `At most ${high.toLocaleString("en")} characters; these are ${count.toLocaleString("en")}.`;
  return null;
}

function range(value, low, high) {
  if (value < low) return `At least ${low}.`;
  return value > high ? `At most ${high}.` : null;
}

/** The number a text stands for, or undefined. */
export function readNumber(text, { whole }) {
  const pattern = whole ? /^[+-]?\d{1,16}$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i;
  if (!pattern.test(text.trim())) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Every command of these that can be sent, with subcommands as paths: "settings budget". */
export function paths(commands) {
  const found = [];
  for (const command of commands) {
    if (command.type === 1) collect(command.name, command.description, command.options ?? [], found);
  }
  return found.sort((one, other) => one.path.localeCompare(other.path));
}

function collect(path, description, options, found) {
  const inner = options.filter((option) => option.type === Option.SUBCOMMAND || option.type === Option.GROUP);
  if (inner.length === 0) found.push({ path, description, options });
  for (const one of inner) collect(`${path} ${one.name}`, one.description, one.options ?? [], found);
}
