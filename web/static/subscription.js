// The editor of a subscription: boxes in which something is found by typing, all by keyboard.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
(() => {
  "use strict";
  const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
  const optionsOf = (input) => [...(listOf(input)?.querySelectorAll("[role=option]") ?? [])];
  const isOpen = (input) => { const list = listOf(input); return list !== null && !list.hidden; };
  const close = (input) => {
    const list = listOf(input);
    if (!list) return;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (input, i) => {
    const all = optionsOf(input);
    if (!all.length) return;
    const at = (i + all.length) % all.length;
    for (const [n, option] of all.entries()) option.setAttribute("aria-selected", String(n === at));
    input.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const marked = (input) => optionsOf(input).findIndex((o) => o.getAttribute("aria-selected") === "true");
  // take puts a value into the box and, where the box belongs to a line of a filter, adds it there.
  const take = (input, value) => {
    if (value !== null) input.value = value;
    close(input);
    const button = document.getElementById(input.dataset.combo);
    if (button) { if (input.value.trim() !== "") button.click(); } else input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("keydown", (e) => {
    const input = e.target.closest("[data-combo]");
    if (!input || e.isComposing) return;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      const list = listOf(input);
      if (list && optionsOf(input).length) { list.hidden = false; input.setAttribute("aria-expanded", "true"); }
      mark(input, e.key === "ArrowDown" ? marked(input) + 1 : marked(input) - 1);
      e.preventDefault();
    }
    if (e.key === "Escape" && isOpen(input)) { close(input); e.preventDefault(); }
    if (e.key === "Enter") {
      const option = isOpen(input) ? optionsOf(input)[marked(input)] : null;
      take(input, option ? option.dataset.value : null);
      e.preventDefault();
    }
  });
  // Enter in a box sends nothing.
  document.addEventListener("keypress", (e) => { if (e.key === "Enter" && e.target.closest("[data-combo]")) e.preventDefault(); });
  // The list is chosen from before the box loses the focus.
  document.addEventListener("mousedown", (e) => {
    const option = e.target.closest(".picks [role=option]");
    if (!option) return;
    const input = document.querySelector(`[data-combo][aria-controls="${option.closest(".picks").id}"]`);
    if (input) take(input, option.dataset.value);
    e.preventDefault();
  });
  document.addEventListener("focusout", (e) => { const input = e.target.closest("[data-combo]"); if (input) close(input); });
  // A list that comes late keeps what was marked in the one before.
  let kept = null;
  document.addEventListener("htmx:beforeSwap", () => {
    const input = document.activeElement?.closest("[data-combo]");
    kept = input ? optionsOf(input)[marked(input)]?.dataset.value ?? null : null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    const focused = document.activeElement?.closest("[data-combo]");
    const again = focused && kept !== null ? optionsOf(focused).findIndex((o) => o.dataset.value === kept) : -1;
    if (again >= 0) mark(focused, again);
    for (const input of document.querySelectorAll("[data-combo]")) {
      const list = listOf(input);
      if (!list) continue;
      if (input !== document.activeElement) list.hidden = true;
      input.setAttribute("aria-expanded", String(!list.hidden));
      if (list.hidden) input.removeAttribute("aria-activedescendant");
    }
  });
  // A filter that was added is gone on with: its first box has the focus, unless it is elsewhere by now.
  document.addEventListener("htmx:afterSettle", (e) => {
    if (document.activeElement !== document.body && !document.activeElement?.closest("#of-what")) return;
    const asked = e.detail.requestConfig?.triggeringEvent?.submitter ?? e.detail.requestConfig?.elt;
    if (asked?.value?.startsWith?.("filter.")) [...document.querySelectorAll("#of-what .filter")].at(-1)?.querySelector("[data-combo]")?.focus();
    if (asked?.value?.startsWith?.("add.")) document.getElementById(asked.id.replace("add-it-", "add-"))?.focus();
    if (/^(drop|cut)\./.test(asked?.value ?? "")) document.getElementById("of-what")?.querySelector("[data-combo], button")?.focus();
  });
})();
