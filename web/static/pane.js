// What the pane does beyond htmx: keys, the box that jumps, dialogs, notices and live rows.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const isTyping = (e) => e.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;

  // ---- dialogs: browsers without command and commandfor ------------------------------------------
  // https://developer.mozilla.org/en-US/docs/Web/API/Invoker_Commands_API
  const hasCommands = "commandForElement" in HTMLButtonElement.prototype;
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button[commandfor]");
    if (hasCommands || !button) return;
    const target = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "show-modal") target?.showModal();
    if (button.getAttribute("command") === "close") target?.close();
  });
  // A click beside a dialog closes it.
  document.addEventListener("click", (e) => {
    if (e.target instanceof HTMLDialogElement && e.target.open && !e.target.classList.contains("in-page")) e.target.close();
  });

  // ---- the box that searches and jumps: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ --------
  const palette = $("#palette");
  const paletteInput = $("#palette-input");
  const options = () => $$("#palette-list [role=option]");
  const choose = (i) => {
    const all = options();
    if (!all.length) { paletteInput.removeAttribute("aria-activedescendant"); return; }
    const at = (i + all.length) % all.length;
    for (const [n, option] of all.entries()) option.setAttribute("aria-selected", String(n === at));
    paletteInput.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const chosen = () => options().findIndex((o) => o.getAttribute("aria-selected") === "true");
  if (palette) {
    document.addEventListener("htmx:afterSwap", (e) => { if (e.target.id === "palette-list") choose(0); });
    paletteInput.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown") { choose(chosen() + 1); e.preventDefault(); }
      if (e.key === "ArrowUp") { choose(chosen() - 1); e.preventDefault(); }
      if (e.key === "Enter") { const url = options()[chosen()]?.dataset.url; if (url) location.assign(url); e.preventDefault(); }
    });
    $("#palette-list").addEventListener("click", (e) => {
      const url = e.target.closest("[role=option]")?.dataset.url;
      if (url) location.assign(url);
    });
  }

  // ---- keys ----------------------------------------------------------------------------------------
  const go = { h: "/", s: "/subscriptions", a: "/activity", m: "/simulator", o: "/sources", y: "/systems", p: "/people", e: "/settings", c: "/console" };
  const rows = () => $$("[data-row]").filter((row) => row.checkVisibility());
  const current = () => rows().findIndex((row) => row.classList.contains("is-cursor"));
  const move = (i) => {
    const all = rows();
    if (!all.length) return;
    const at = Math.max(0, Math.min(all.length - 1, i));
    for (const row of all) row.classList.remove("is-cursor");
    all[at].classList.add("is-cursor");
    ($('[data-key="Enter"]', all[at]) ?? $("a, button, input", all[at]) ?? all[at]).focus();
    all[at].scrollIntoView({ block: "nearest" });
  };
  // press clicks what a page marks for a key: in the current row first, then anywhere.
  const press = (key) => {
    const row = rows()[current()];
    const target = (row && $(`[data-key="${key}"]`, row)) ?? $(`[data-key="${key}"]:not([data-row] *)`);
    if (!target || target.disabled) return false;
    target.click();
    return true;
  };
  let isGoing = false;
  document.addEventListener("keydown", (e) => {
    if (document.body.dataset.keys !== "on" || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    const isOpen = $("dialog[open]:modal") !== null;
    if (isOpen || isTyping(e)) {
      if (e.key === "/" && e.target.matches("[data-search]") && e.target.value === "") { palette?.showModal(); e.preventDefault(); }
      return;
    }
    if (isGoing) {
      isGoing = false;
      if (go[e.key]) { location.assign(go[e.key]); e.preventDefault(); }
      return;
    }
    switch (e.key) {
      case "/": {
        const search = $("[data-search]");
        if (search) { search.focus(); search.select(); } else palette?.showModal();
        break;
      }
      case "?": $("#keys")?.showModal(); break;
      case "g": isGoing = true; setTimeout(() => { isGoing = false; }, 1500); break;
      case "j": move(current() + 1); break;
      case "k": move(current() - 1); break;
      case "x": { const box = rows()[current()]?.querySelector("input[type=checkbox]"); if (!box) return; box.click(); break; }
      case "Enter": if (e.target.closest("a, button") || !press("Enter")) return; break;
      case "n": case "t": case "r": case "e": if (!press(e.key)) return; break;
      default: return;
    }
    e.preventDefault();
  });

  // ---- notices: gone after a while, not while they are looked at -----------------------------------
  const spend = (toast) => {
    if (toast.dataset.spending) return;
    toast.dataset.spending = "1";
    let left = toast.classList.contains("toast-undo") ? 8000 : 6000;
    let since = 0;
    let timer = 0;
    const run = () => { since = Date.now(); timer = setTimeout(() => toast.remove(), left); };
    const hold = () => { clearTimeout(timer); left -= Date.now() - since; };
    for (const begin of ["mouseenter", "focusin"]) toast.addEventListener(begin, hold);
    for (const end of ["mouseleave", "focusout"]) toast.addEventListener(end, run);
    run();
  };
  const toasts = $("#toasts");
  if (toasts) {
    new MutationObserver(() => { for (const toast of $$("[data-toast]", toasts)) spend(toast); }).observe(toasts, { childList: true });
    for (const toast of $$("[data-toast]", toasts)) spend(toast);
  }
  // An answer that is an error brings a notice of its own.
  document.addEventListener("htmx:beforeSwap", (e) => {
    if (e.detail.xhr.status >= 400 && e.detail.xhr.getResponseHeader("HX-Retarget") === "#toasts") e.detail.shouldSwap = true;
  });

  // ---- live rows -------------------------------------------------------------------------------------
  // data-stream is where the rows come from, data-into where they go. While the reader has scrolled
  // down they wait, and data-count counts them.
  for (const box of $$("[data-stream]")) {
    const into = $(box.dataset.into, box) ?? box;
    const counter = $("[data-count]", box);
    const most = Number(box.dataset.most || 200);
    const held = new Map(); // rows by their ids
    const isAtTop = () => box.getBoundingClientRect().top > -80;
    const rowOf = (html) => {
      const made = document.createElement("template");
      made.innerHTML = html;
      return made.content.firstElementChild;
    };
    const show = (html, isNew = false) => {
      const row = rowOf(html);
      if (!row) return;
      const known = row.id ? document.getElementById(row.id) : null;
      if (!known && !isNew && row.dataset.change !== undefined) return; // it is on no page of this list that is shown
      if (known && $("[data-asking]", known)) { setTimeout(() => show(html, isNew), 200); return; } // its details are on their way
      for (const blank of $$("[data-blank]", box)) blank.remove();
      for (const table of $$("table[hidden]", box)) table.hidden = false;
      if (known) {
        if (known.classList.contains("is-cursor")) row.classList.add("is-cursor");
        const unfold = $("[aria-expanded]", row);
        if (unfold && known.nextElementSibling?.classList.contains("detail")) unfold.setAttribute("aria-expanded", "true");
        if (known.innerHTML === row.innerHTML) return; // a click that is under way must find it
        const at = known.contains(document.activeElement) ? $$("a, button, input", known).indexOf(document.activeElement) : -1;
        known.replaceWith(row);
        $$("a, button, input", row)[at]?.focus();
      } else {
        row.classList.add("is-new");
        into.prepend(row);
      }
      window.htmx?.process(row);
      while (into.children.length > most) into.lastElementChild.remove();
    };
    const release = () => { for (const html of held.values()) show(html, true); held.clear(); if (counter) counter.hidden = true; };
    const source = new EventSource(box.dataset.stream);
    source.addEventListener("row", (e) => {
      const row = rowOf(e.data);
      if (isAtTop() || !counter || row?.id && document.getElementById(row.id)) { show(e.data); return; }
      if (row?.dataset.change !== undefined && !held.has(row.id)) return;
      held.set(row?.id || e.data, e.data);
      counter.hidden = false;
      const text = $("[data-count-text]", counter) ?? counter;
      text.textContent = held.size === 1 ? counter.dataset.one : counter.dataset.count.replace("%d", String(held.size));
    });
    counter?.addEventListener("click", () => { release(); box.scrollIntoView(); });
    const lost = $("[data-lost-note]", box);
    source.addEventListener("open", () => { box.classList.remove("is-lost"); if (lost) lost.hidden = true; });
    source.addEventListener("error", () => { box.classList.add("is-lost"); if (lost) lost.hidden = false; });
    addEventListener("pagehide", () => source.close());
  }

  // ---- details below a row, and questions --------------------------------------------------------------
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button[data-detail]");
    const row = button?.closest("tr");
    if (!row || button.dataset.asking) return;
    if (row.nextElementSibling?.classList.contains("detail")) {
      row.nextElementSibling.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    button.dataset.asking = "1";
    window.htmx?.ajax("GET", button.dataset.detail, { source: button, target: row, swap: "afterend" }).finally(() => {
      delete button.dataset.asking;
      button.setAttribute("aria-expanded", String(row.nextElementSibling?.classList.contains("detail") ?? false));
    });
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-ask]")) $("#ask")?.showModal();
    const close = e.target.closest("[data-close]");
    const dialog = close?.closest("dialog");
    if (dialog) { dialog.close(); e.preventDefault(); }
  });
  document.addEventListener("htmx:afterSwap", (e) => { if (e.target.id === "ask-body") $("[autofocus]", e.target)?.focus(); });
  // What could not be asked, or done, is told in the corner, which a dialog would cover.
  document.addEventListener("htmx:responseError", (e) => { e.target.closest?.("dialog")?.close(); if (e.detail.target?.id === "ask-body") $("#ask")?.close(); });

  // ---- small things ------------------------------------------------------------------------------------
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("[data-copy]");
    if (!button) return;
    const text = button.dataset.copy || $(button.dataset.copyFrom)?.textContent.trim() || "";
    try { await navigator.clipboard.writeText(text); button.classList.add("is-done"); setTimeout(() => button.classList.remove("is-done"), 1500); } catch { /* then it can be selected */ }
  });
  // A form that is sent when something in it changes.
  document.addEventListener("change", (e) => { if (e.target.closest("form[data-auto]")) e.target.form.requestSubmit(); });
  // Leaving a page whose form was changed asks first.
  let isChanged = false;
  document.addEventListener("input", (e) => { if (e.target.closest("form[data-guard]")) isChanged = true; });
  document.addEventListener("submit", (e) => { if (e.target.closest("form[data-guard]")) isChanged = false; });
  addEventListener("beforeunload", (e) => { if (isChanged) e.preventDefault(); });
})();
