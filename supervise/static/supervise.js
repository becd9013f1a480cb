// What every page shares. Nothing here is needed to do a thing; it makes doing it smoother.
(() => {
  "use strict";

  // After a post with faults, the list of them takes the focus, so that it is read out first.
  const focusFaults = () => document.getElementById("faults")?.focus();
  document.addEventListener("DOMContentLoaded", focusFaults);
  document.addEventListener("htmx:after:swap", focusFaults);

  // Copies the text of a field. The button is there only where a script can do it.
  const offerCopying = () => {
    if (!navigator.clipboard) return;
    document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  };
  document.addEventListener("DOMContentLoaded", offerCopying);
  document.addEventListener("htmx:after:swap", offerCopying);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    const told = button.parentElement.querySelector("[aria-live]") ?? button;
    try {
      await navigator.clipboard.writeText(field.value);
      told.textContent = "Copied";
    } catch {
      field.select();
      if (told !== button) told.textContent = "Selected: copy it with the keyboard";
    }
  });

  // Signing out leaves nothing that was typed behind on the device, from whichever page.
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/logout") return;
    Object.keys(localStorage).filter((name) => name.startsWith("supervise:entry:")).forEach((name) => localStorage.removeItem(name));
  });

  // A form whose text must not be kept anywhere: it stays on the page until the server has it, and
  // whoever is about to leave is asked first.
  const unsaved = () => document.querySelector("form[data-stays][data-unsaved]");
  const stay = (sentence, offerLogin = false) => {
    const notice = document.getElementById("not-kept");
    notice.querySelector("span").textContent = sentence;
    notice.querySelector("a").hidden = !offerLogin;
    notice.hidden = false;
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-stays]");
    if (form) form.dataset.unsaved = "";
  });
  window.addEventListener("beforeunload", (event) => { if (unsaved()) event.preventDefault(); });
  document.addEventListener("htmx:error", (event) => {
    if (event.target.closest?.("form[data-stays]")) stay("Not saved: no connection. Press Save again once you are online.");
  });
  document.addEventListener("htmx:before:response", (event) => {
    const { response, sourceElement } = event.detail.ctx;
    const form = sourceElement.closest("form[data-stays]");
    if (!form) return;
    if (response.status === 401) {
      event.preventDefault();
      stay("Not saved: you were signed out. Sign in, then press Save again.", true);
    } else if (response.status === 200) delete form.dataset.unsaved;
    else if (![409, 422].includes(response.status) && !response.headers.get("X-CSRF-Token")) {
      event.preventDefault();
      stay("Not saved: this cannot be kept for whoever is signed in now.");
    }
  });

  // A form sent from a page that is older than the sign-in. What was typed must not go with it.
  document.addEventListener("htmx:before:response", (event) => {
    const { response, sourceElement } = event.detail.ctx;
    const form = sourceElement.closest('form[method="post"]');
    if (event.defaultPrevented || !form) return;  // the diary's form looks after itself
    const token = response.headers.get("X-CSRF-Token");
    if (response.status === 401) {
      event.preventDefault();
      form.submit();  // as a plain form: the sign-in page then carries the text through
    } else if (response.status === 400 && token && form.dataset.renewed !== token) {
      event.preventDefault();
      form.dataset.renewed = token;
      document.querySelectorAll('input[name="csrf_token"]').forEach((input) => { input.value = token; });
      setTimeout(() => form.requestSubmit());
    }
  });
})();
