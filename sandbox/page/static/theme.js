/** Dark, light, or as the machine has it. */
import { iconButton } from "./dom.js";

const KEY = "easel-theme";
const light = matchMedia("(prefers-color-scheme: light)");

function isLight() {
  const chosen = localStorage.getItem(KEY);
  return chosen ? chosen === "light" : light.matches;
}

function apply() {
  document.documentElement.dataset.theme = isLight() ? "light" : "dark";
}

/** Puts the theme on the page and follows the machine until somebody chooses. */
export function startTheme() {
  apply();
  light.addEventListener("change", apply);
}

/** A button that turns the one into the other. */
export function themeButton() {
  const button = iconButton(
    isLight() ? "moon" : "sun",
    isLight() ? "Use the dark theme" : "Use the light theme",
    () => {
      localStorage.setItem(KEY, isLight() ? "dark" : "light");
      apply();
      button.replaceWith(themeButton());
      document.querySelector(".theme-button").focus();
    },
  );
  button.classList.add("theme-button");
  return button;
}
