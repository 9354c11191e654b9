// A combobox: what is typed into an input finds options in a list beside it.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
(() => {
  "use strict";
  const patience = 120; // milliseconds after the last key
  const words = JSON.parse(document.getElementById("console").dataset.words);

  // picker lets input choose from list, which stands in box. find gives the options for what is
  // typed, each with a label and a note, or a promise of them; choose takes one. In an eager picker
  // Tab takes the first option, and the input is a combobox only while the list is open, since it
  // mostly is a plain text box. status says how many were found.
  const picker = ({ input, list, box = list, find, choose, eager = false, status = null }) => {
    let options = [];
    let active = -1;
    let asked = 0;
    let timer = 0;
    const announce = (isOpen) => {
      box.hidden = !isOpen;
      if (eager && !isOpen) {
        for (const name of ["role", "aria-expanded", "aria-controls", "aria-haspopup"]) input.removeAttribute(name);
        return;
      }
      input.setAttribute("role", "combobox");
      input.setAttribute("aria-haspopup", "listbox");
      input.setAttribute("aria-controls", list.id);
      input.setAttribute("aria-expanded", String(isOpen));
    };
    const mark = (i) => {
      active = i;
      for (const [n, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(n === i));
      const item = list.children[i];
      if (!item) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    };
    const close = () => {
      asked++;
      clearTimeout(timer);
      options = [];
      mark(-1);
      announce(false);
    };
    const show = (found) => {
      options = found;
      list.replaceChildren(...found.map((option, i) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${i}`;
        item.setAttribute("role", "option");
        const label = document.createElement("span");
        label.textContent = option.label;
        item.append(label);
        if (option.note) {
          const note = document.createElement("small");
          note.textContent = option.note;
          item.append(note);
        }
        return item;
      }));
      mark(-1);
      announce(found.length > 0);
      if (status) status.textContent = found.length === 0 ? words.nothing : found.length === 1 ? words.found1 : words.found.replace("%d", String(found.length));
    };
    const look = (wait = patience) => {
      clearTimeout(timer);
      const mine = ++asked;
      timer = setTimeout(async () => {
        const found = await find();
        if (mine === asked) show(found);
      }, wait);
    };
    const take = (i) => {
      const option = options[i];
      close();
      choose(option);
    };
    const step = (by) => {
      if (box.hidden) { look(0); return; }
      const from = active < 0 && by < 0 ? 0 : active;
      mark((from + by + options.length) % options.length);
    };
    input.addEventListener("input", () => look());
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      const isOpen = !box.hidden;
      const done = () => { event.preventDefault(); event.stopImmediatePropagation(); };
      if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (isOpen || !eager)) {
        done();
        step(event.key === "ArrowDown" ? 1 : -1);
      } else if (!isOpen || event.shiftKey) {
        return;
      } else if (event.key === "Escape") {
        done();
        close();
      } else if (active >= 0 && (event.key === "Enter" || event.key === "Tab") || event.key === "Tab" && eager) {
        done();
        take(Math.max(active, 0));
      }
    });
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
    list.addEventListener("click", (event) => {
      const i = [...list.children].indexOf(event.target.closest("[role=option]"));
      if (i >= 0) take(i);
    });
    announce(false);
    return { look, close };
  };
  globalThis.Bellhop = { picker };
})();
