// The queue by keyboard, and its figures kept in step. Without it everything still works as a form.
(() => {
  "use strict";

  const STORED = "supervise-keys";
  const form = () => document.querySelector(".queue-form");
  const rows = () => [...document.querySelectorAll("table.queue > tbody")].filter((row) => row.querySelector(".choice"));
  const radio = (row, value) => row.querySelector(`.choice [value="${value}"]`);
  const chosen = (row) => row.querySelector(".choice :checked");

  // --- figures ------------------------------------------------------------------------------

  const tally = () => {
    if (!form()) return;
    const count = { approve: 0, return: 0, leave: 0 };
    rows().forEach((row) => { count[chosen(row).value] += 1; });
    const decided = count.approve + count.return;
    const write = (name, figure) => { form().querySelector(`.n-${name}`).textContent = figure; };
    Object.entries(count).forEach(([name, figure]) => write(name, figure));
    write("decided", decided);
    form().querySelector(".n-plural").hidden = decided === 1;
  };

  const choose = (row, value) => {
    radio(row, value).checked = true;
    radio(row, value).dispatchEvent(new Event("change", { bubbles: true }));
  };

  // --- keys ---------------------------------------------------------------------------------

  // Single keys can be switched off, since somebody who speaks to their computer types by accident.
  const keysOn = () => {
    try { return localStorage.getItem(STORED) !== "off"; } catch { return true; }
  };

  const help = () => {
    const box = document.getElementById("keys");
    if (!box) return;
    box.hidden = false;
    box.querySelector("#keys-on").checked = keysOn();
  };

  const here = () => document.activeElement && document.activeElement.closest("table.queue > tbody");
  const typing = (element) => element.matches("textarea, select, input:not([type=radio], [type=checkbox]), [contenteditable]");

  const step = (by) => {
    const all = rows();
    const at = all.indexOf(here());
    const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
    if (next) chosen(next).focus();
  };

  const decide = (value) => {
    const row = here();
    if (!row || !radio(row, value)) return;
    choose(row, value);
    (value === "return" ? row.querySelector("textarea") : radio(row, value)).focus();
  };

  const open = () => {
    const link = here() && here().querySelector(".opens");
    if (link) link.click();
  };

  const toggleHelp = () => {
    const box = document.getElementById("keys");
    box.open = !box.open;
    if (box.open) box.querySelector("summary").focus();
  };

  const KEYS = {
    j: () => step(1), k: () => step(-1), o: open, "?": toggleHelp,
    a: () => decide("approve"), r: () => decide("return"), l: () => decide("leave"),
  };

  document.addEventListener("keydown", (event) => {
    if (!form() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const row = event.target.closest("table.queue > tbody");
    if (event.key === "Escape" && row && event.target.matches("textarea")) {
      chosen(row).focus();
    } else if (event.key === "Enter" && row && event.target.matches("[type=radio]")) {
      event.preventDefault();   // else it would press the first button of the form
      open();
    } else if (KEYS[event.key] && keysOn() && !typing(event.target)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches(".choice [type=radio]")) tally();
    if (event.target.id === "keys-on") {
      try { localStorage.setItem(STORED, event.target.checked ? "on" : "off"); } catch { /* not kept */ }
    }
  });

  // --- the button that sets those that count -------------------------------------------------

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-preset]");
    if (!button) return;
    event.preventDefault();
    rows().filter((row) => "counts" in row.dataset && chosen(row).value !== "return")
      .forEach((row) => choose(row, "approve"));
  });

  // --- a row that opens keeps what was chosen and typed in it ----------------------------------

  document.addEventListener("htmx:before:swap", (event) => {
    (event.detail.tasks || []).forEach(({ fragment, target }) => {
      const before = typeof target === "string" ? document.querySelector(target) : target;
      const after = fragment && before && before.matches("table.queue > tbody") && fragment.querySelector("tbody");
      if (!after || !after.querySelector(".choice") || !chosen(before)) return;
      after.querySelectorAll(".choice [type=radio]").forEach((input) => {
        input.toggleAttribute("checked", input.value === chosen(before).value);
      });
      after.querySelector("textarea").defaultValue = before.querySelector("textarea").value;
    });
  });

  // --- choices outlive a filter, another order and another page of the queue -------------------

  const BEGUN = "supervise:decisions";
  const begun = () => {
    try { return JSON.parse(sessionStorage.getItem(BEGUN)) || {}; } catch { return {}; }
  };
  const store = (all) => {
    try { sessionStorage.setItem(BEGUN, JSON.stringify(all)); } catch { /* kept on the page alone */ }
  };
  // what was read: a choice is put back only where session and clients' answers are as they were
  const version = (row) => [...row.querySelectorAll('[name^="version-"], [name^="disputes-"]')].map((one) => one.value).join(" ");
  const keepRow = (row) => {
    const comment = row.querySelector("textarea").value;
    const decision = chosen(row).value;
    const all = begun();
    if (decision === "leave" && !comment) delete all[row.id];
    else all[row.id] = { decision, comment, version: version(row) };
    store(all);
  };
  const putBack = () => {
    const all = begun();
    rows().forEach((row) => {
      const kept = all[row.id];
      if (!kept || kept.version !== version(row) || chosen(row).value !== "leave") return;
      radio(row, kept.decision).checked = true;
      const comment = row.querySelector("textarea");
      if (!comment.value) comment.value = kept.comment;
    });
  };
  const forgetShown = () => {
    const all = begun();
    rows().forEach((row) => { delete all[row.id]; });
    store(all);
  };
  ["change", "input"].forEach((name) => document.addEventListener(name, (event) => {
    const row = event.target.closest && event.target.closest("table.queue > tbody");
    if (row && row.querySelector(".choice")) keepRow(row);
  }));
  document.addEventListener("submit", (event) => {
    if (event.target.matches(".queue-form") && navigator.onLine) forgetShown();
  });

  // --- a decision that never left this device --------------------------------------------------

  const unsent = (words) => {
    const box = document.querySelector(".decide .unsent");
    if (box) box.textContent = words;
  };
  const deciding = (event) => {
    const source = event.detail.ctx && event.detail.ctx.sourceElement;
    return Boolean(source && source.matches(".queue-form"));
  };
  document.addEventListener("htmx:before:request", (event) => { if (deciding(event)) unsent(""); });
  document.addEventListener("htmx:error", (event) => {
    if (!deciding(event)) return;
    const answered = event.detail.ctx.response;
    unsent(answered
      ? "Not sent: the server did not take it. Everything is still here; press Decide again in a moment."
      : "Not sent: you are offline. Everything is still here; press Decide again when you are back.");
  });

  const ready = () => { help(); tally(); };
  document.addEventListener("DOMContentLoaded", () => { putBack(); ready(); });
  window.addEventListener("pageshow", ready);
  // After the swap the form that asked is gone, so the news comes from what took its place.
  document.addEventListener("htmx:after:settle", (event) => {
    ready();
    if (!(event.target instanceof Element) || event.target.id !== "queue") return;
    const notice = document.querySelector("#faults") || document.querySelector("#outcome");
    if (notice) notice.focus();
  });
})();
