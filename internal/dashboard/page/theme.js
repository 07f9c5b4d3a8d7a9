// Runs before the page is drawn, so that it is not drawn twice. The choice is kept in the browser.
"use strict";
(() => {
  const choices = ["auto", "light", "dark"];
  const labels = { auto: "Auto", light: "Light", dark: "Dark" };
  let choice = "auto";
  try {
    choice = localStorage.getItem("theme") || "auto";
  } catch {
    // A browser that keeps nothing: as the system says.
  }
  if (!choices.includes(choice)) choice = "auto";
  const show = () => {
    document.documentElement.dataset.theme = choice;
    const button = document.getElementById("theme");
    if (!button) return;
    button.textContent = labels[choice];
    button.setAttribute("aria-label", `Theme: ${labels[choice]}`);
  };
  window.nextTheme = () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // It holds until the page is left.
    }
    show();
  };
  show();
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", window.nextTheme);
  });
})();
