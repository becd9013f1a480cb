// Copies an invitation link at the press of a button; without a script the field can be selected.
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-copy]").forEach((button) => {
      const field = document.getElementById(button.dataset.copy);
      const status = document.getElementById(`${button.dataset.copy}-status`);
      button.hidden = false;
      button.addEventListener("click", async () => {
        field.select();
        try {
          await navigator.clipboard.writeText(field.value);
          status.textContent = "Copied.";
        } catch {
          status.textContent = "It is selected: copy it with your keyboard.";
        }
      });
    });
  });
})();
