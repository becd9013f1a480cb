// Nothing typed into a long form is lost: it saves itself, and while the server has not confirmed it,
// the text is kept on this device, under the person's id and the form's key. Without this file the
// form still works. The form has `data-author` and `data-key`; a page on which what was sent is read
// has an element `#stored` with the same two, of several forms with several keys. A form that does not
// save itself (no `data-hx-post`) keeps what is typed here until a button is pressed.
(() => {
  "use strict";

  const PREFIX = "supervise:entry:";
  const SENT = "supervise:sent";
  const SKIP = ["csrf_token", "version", "read", "author", "go", "unheard"];
  const MOST_UNHEARD = 5;
  const all = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
  const forget = (name) => localStorage.removeItem(name);
  const keptAt = (name) => {
    try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
  };

  // Another person finds nothing here; signing out empties it too (supervise.js).
  const tidy = (author) => {
    all().filter((name) => !name.startsWith(`${PREFIX}${author}:`)).forEach(forget);
  };

  const fieldsOf = (form) => [...new FormData(form)].filter(([name]) => !SKIP.includes(name));
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const clock = (at) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(new Date(at));

  // A length is stored in minutes, however it was typed: 1h, 1:15 and 75 min are no difference.
  const readAs = (field, value) => {
    const text = value.replaceAll("\r\n", "\n").trim();
    if (field !== "minutes") return text;
    const found = /^(?:(\d+(?:\.\d+)?) ?h(?:rs?|ours?)?|(\d+)(?=:))?[ :]?(?:(\d+) ?(?:m(?:ins?|inutes?)?)?)?\.?$/i.exec(text);
    if (!found || !text) return text;
    return String(Math.round(Number(found[1] || found[2] || 0) * 60) + Number(found[3] || 0));
  };

  const fill = (form, fields) => {
    const values = new Map();
    fields.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
    for (const field of form.elements) {
      if (!field.name || SKIP.includes(field.name) || field.type === "submit") continue;
      const wanted = values.get(field.name) || [];
      if (["checkbox", "radio"].includes(field.type)) field.checked = wanted.includes(field.value);
      else if (wanted.length) field.value = wanted[0];
    }
  };
  const putBack = (form, kept) => {
    fill(form, kept.fields);
    form.elements.namedItem("version").value = kept.version;
    const key = form.elements.namedItem("draft_key");
    if (key) form.dataset.key = key.value;
  };

  // The answer to a save may put a sentence beside a field: readers of the screen hear it there.
  const mark = (form) => {
    form.querySelectorAll(".error[data-of]").forEach((place) => {
      document.getElementById(place.dataset.of)?.setAttribute("aria-invalid", String(!place.hidden));
    });
  };

  const start = (form) => {
    const { author } = form.dataset;
    const isNew = Boolean(form.elements.namedItem("draft_key")) && location.pathname.endsWith("/new");
    const name = () => `${PREFIX}${author}:${form.dataset.key}`;
    const notice = document.getElementById("not-kept");
    const offer = document.getElementById("kept-here");
    const safe = () => document.getElementById("saved");
    const [words, again] = [notice.querySelector("span"), notice.querySelector("a")];
    let saving = false;
    let waiting = null;
    let changed = 0;
    let sent = 0;
    let unsent = false;  // a button was pressed offline: a draft saved later is not what was asked for
    let unheard = [];  // what went out and was never answered: it may have been saved, and is our own then
    let leaving = false;  // another page is on its way, made before whatever is saved from now on

    const keep = () => {
      const version = form.elements.namedItem("version").value;
      const kept = { at: Date.now(), isNew, version, fields: fieldsOf(form), unheard };
      try { localStorage.setItem(name(), JSON.stringify(kept)); } catch { /* full: the server still has the last save */ }
    };
    const warn = (sentence, offerLogin = false) => {
      words.textContent = sentence;
      again.hidden = !offerLogin;
      notice.hidden = false;
      safe().hidden = true;  // "saved" and "not saved" never stand side by side
    };
    const calm = () => {
      notice.hidden = true;
      safe().hidden = false;
    };
    // A save says what went out before it unanswered, so that the server does not take that for another's.
    const carry = () => {
      let field = form.elements.namedItem("unheard");
      if (!field) {
        field = Object.assign(document.createElement("input"), { type: "hidden", name: "unheard" });
        form.append(field);
      }
      field.value = unheard.length ? JSON.stringify(unheard) : "";
    };
    const takeUp = (kept) => {
      unheard = kept.unheard || [];
      putBack(form, kept);
      changed += 1;
      htmx.trigger(form, "keep");
    };

    // What was kept here and is not what the server has is offered, never put back unasked.
    const mine = all().filter((one) => one === name() || (isNew && one.startsWith(`${PREFIX}${author}:`) && keptAt(one)?.isNew));
    const found = mine.sort((a, b) => keptAt(b).at - keptAt(a).at)[0];
    const kept = found && keptAt(found);
    const withoutKey = (fields) => fields.filter(([field]) => field !== "draft_key");
    const asRead = (fields) => withoutKey(fields).map(([field, value]) => [field, readAs(field, value)]);
    if (form.dataset.received) {  // this page answers what was sent, so all of it did reach us
      if (form.dataset.received === "stored") {
        forget(name());
        history.replaceState(null, "", form.action);
      }
    } else if (kept && same(asRead(kept.fields), asRead(fieldsOf(form)))) {
      if (form.elements.namedItem("version").value !== "0") forget(found);
    } else if (kept && !isNew && kept.unheard?.length && kept.version === form.elements.namedItem("version").value) {
      setTimeout(() => takeUp(kept));  // it was being saved when the page was left, and nobody else has saved since
    } else if (kept) {
      offer.querySelectorAll(".when").forEach((place) => { place.textContent = clock(kept.at); });
      offer.hidden = false;
      offer.addEventListener("click", (event) => {
        if (!(event.target instanceof HTMLButtonElement)) return;
        if (event.target.value === "restore") takeUp(kept);
        else forget(found);
        offer.hidden = true;
        document.getElementById(form.dataset.first).focus();
      });
    }

    window.addEventListener("pageshow", () => {
      sessionStorage.removeItem(SENT);  // still here, so it did not arrive
      leaving = false;
    });
    window.addEventListener("beforeunload", () => { leaving = true; });
    const typed = () => {
      leaving = false;
      changed += 1;
      keep();
    };
    form.addEventListener("input", typed);
    form.addEventListener("change", typed);

    // A save that waited its turn sends what is in the form now, under the version now known.
    form.addEventListener("htmx:before:request", (event) => {
      if (leaving) {
        event.preventDefault();  // the next page offers it
        return;
      }
      saving = true;
      sent = changed;
      carry();
      event.detail.ctx.request.body = new URLSearchParams(new FormData(form));
      unheard = [...unheard, fieldsOf(form)].slice(-MOST_UNHEARD);
      keep();
    });
    form.addEventListener("htmx:before:response", (event) => {
      const { response } = event.detail.ctx;
      const token = response.headers.get("X-CSRF-Token");
      if (response.status === 200) unheard = leaving ? unheard.slice(-1) : [];  // the page that comes may be older than this answer
      else unheard = response.status === 409 ? [] : unheard.slice(0, -1);
      if (response.status === 401) {
        event.preventDefault();  // else htmx would leave for the sign-in page, and the text with it
        warn("Not saved: you were signed out. What you typed is kept on this device.", true);
      } else if (response.status === 400 && token) {
        event.preventDefault();  // signed in again since: the page only needs the new token
        document.querySelectorAll('input[name="csrf_token"]').forEach((input) => { input.value = token; });
        if (form.dataset.renewed !== token) {
          form.dataset.renewed = token;
          setTimeout(() => htmx.trigger(form, "keep"));
        }
      } else if (response.status === 200) {
        if (unsent) warn("Saved as a draft, but not sent: you were offline. Press the button again.");
        else calm();
        if (sent === changed && !leaving) forget(name());
        else keep();
      } else if ([409, 422].includes(response.status)) {
        calm();  // the bar itself says why
      } else {
        event.preventDefault();
        warn("Not saved yet: something went wrong on our side. Kept on this device.");
      }
    });
    form.addEventListener("htmx:error", () => {
      if (!navigator.onLine) unheard = unheard.slice(0, -1);  // it never went out
      keep();
      warn("Not saved yet: no connection. Kept on this device.");
    });
    form.addEventListener("htmx:finally:request", () => {
      saving = false;
      mark(form);
      if (waiting) {
        const button = waiting;
        waiting = null;
        setTimeout(() => form.requestSubmit(button));
      }
    });
    window.addEventListener("online", () => { if (!notice.hidden) htmx.trigger(form, "keep"); });
    window.addEventListener("focus", () => { if (!again.hidden && !notice.hidden) htmx.trigger(form, "keep"); });

    // A button pressed while a save is under way waits for it, so that the two do not disagree.
    form.addEventListener("submit", (event) => {
      if (!navigator.onLine) {
        event.preventDefault();  // the browser's own error page would take the form away
        unsent = true;
        keep();
        warn("Not sent: no connection. Kept on this device. Press the button again once you are online.");
        return;
      }
      if (saving && !waiting) {
        event.preventDefault();
        waiting = event.submitter;
        return;
      }
      unsent = false;
      carry();
      keep();
      sessionStorage.setItem(SENT, name());
    });
  };

  // The form of a link (`data-tab`), which nobody signs in for: what is typed stays in this tab alone,
  // comes back when the link is opened here again, and goes once the page says that it was taken.
  const TAB = `supervise:link:${location.pathname}#`;
  const typedIn = (form) => {
    const hidden = new Set([...form.querySelectorAll('input[type="hidden"]')].map((input) => input.name));
    return fieldsOf(form).filter(([name, value]) => value && !hidden.has(name));
  };
  const keepInTab = (form) => {
    const name = TAB + form.dataset.tab;
    const keep = () => {
      try { sessionStorage.setItem(name, JSON.stringify(typedIn(form))); } catch { /* full: it stands in the form */ }
    };
    let kept = [];
    try { kept = JSON.parse(sessionStorage.getItem(name)) || []; } catch { /* nothing to put back */ }
    if ("received" in form.dataset) keep();  // the page holds what was sent
    else if (kept.length) {
      fill(form, kept);
      form.querySelectorAll("details").forEach((details) => { details.open = true; });
    }
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    form.addEventListener("submit", (event) => {
      keep();
      form.querySelector(".not-sent").hidden = navigator.onLine;
      if (!navigator.onLine) event.preventDefault();  // the browser's own error page would take the form away
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form[data-tab]").forEach(keepInTab);
    if (document.getElementById("taken")) {
      Object.keys(sessionStorage).filter((name) => name.startsWith(TAB)).forEach((name) => sessionStorage.removeItem(name));
    }
    const form = document.querySelector("form[data-author][data-key]");
    const stored = document.getElementById("stored");
    const author = (form || stored)?.dataset.author;
    if (author) tidy(author);
    const arrived = (stored?.dataset.key || "").split(" ").map((key) => `${PREFIX}${author}:${key}`);
    if (stored && arrived.includes(sessionStorage.getItem(SENT))) forget(sessionStorage.getItem(SENT));
    if (stored) sessionStorage.removeItem(SENT);
    if (form) start(form);
  });
})();
