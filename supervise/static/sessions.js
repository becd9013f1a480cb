// The diary's form as it is filled in: a group is said, and only goals of the clients chosen stand
// there. Keeping what is typed is keeping.js.
(() => {
  "use strict";

  const chosen = (form) => [...form.querySelectorAll('input[name="clients"]:checked')];

  // Several clients make a group: said while they are chosen, so that nobody makes one unawares.
  const group = (form) => {
    const tidy = (text) => text.trim().replace(/\s+/g, " ").toLowerCase();
    const ticked = chosen(form).map((box) => box.parentElement.textContent);
    const typed = form.elements.namedItem("new_clients").value.split(",");
    const many = new Set([...ticked, ...typed].map(tidy).filter(Boolean)).size;
    const place = document.getElementById("group");
    place.textContent = `A group of ${many}`;
    place.hidden = many < 2;
  };

  // What is chosen for a goal is never hidden: the server would refuse it, unseen.
  const goals = (form) => {
    const lead = document.getElementById("goals");
    if (!lead) return;
    const clients = chosen(form).map((box) => box.value);
    const kind = form.elements.namedItem("kind").value || "coaching";
    let shown = 0;
    form.querySelectorAll("[data-goals-of]").forEach((part) => {
      const theirs = clients.includes(part.dataset.goalsOf) && part.dataset.kind === kind;
      const said = [...part.querySelectorAll("select")].some((field) => field.value);
      part.hidden = !(theirs || said || part.querySelector(".error, .notice"));
      shown += part.hidden ? 0 : 1;
    });
    lead.hidden = !shown;
    document.getElementById("no-goals").hidden = shown > 0 || clients.length > 0;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("entry");
    if (!form) return;
    goals(form);
    ["input", "change", "keep"].forEach((name) => form.addEventListener(name, () => {
      group(form);
      goals(form);
    }));
  });
})();
