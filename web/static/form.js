// Forms in a dialog. The server writes them and checks what is sent; the script sends what changes,
// puts what is wrong beside its field, and finds options while one types.
(() => {
  "use strict";
  const parse = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html; // made and escaped by the server; scripts in a template never run
    return box.content.firstElementChild;
  };
  const words = JSON.parse(document.getElementById("console").dataset.words);
  const fieldOf = (element) => element.closest(".field");
  const controls = (within) => [...within.querySelectorAll("input[id], select[id], textarea[id]")];

  // ---- dates and times: the server knows UTC, people their own clock ----
  const two = (n) => String(n).padStart(2, "0");
  const localise = (dialog) => {
    for (const input of dialog.querySelectorAll("input[data-at]")) {
      const at = new Date(input.dataset.at);
      if (Number.isNaN(at.getTime())) continue;
      input.value = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
    }
  };
  const fieldsOf = (dialog) => {
    const fields = new URLSearchParams(new FormData(dialog.querySelector("form")));
    for (const input of dialog.querySelectorAll("input[type=datetime-local]")) {
      if (input.value) fields.set(input.name, new Date(input.value).toISOString().replace(/\.\d+Z$/, "Z"));
    }
    return fields;
  };

  // ---- what is wrong ----
  const complain = (dialog, text, wrong = {}) => {
    const unplaced = [];
    for (const field of dialog.querySelectorAll(".field")) {
      const why = wrong[field.dataset.field] || "";
      const line = field.querySelector(".hint-bad");
      if (!line) { if (why) unplaced.push(why); continue; }
      line.textContent = why;
      line.hidden = !why;
      for (const control of field.querySelectorAll("fieldset, input:not([type=hidden]), select, textarea")) {
        if (why) control.setAttribute("aria-invalid", "true");
        else control.removeAttribute("aria-invalid");
      }
    }
    for (const [name, why] of Object.entries(wrong)) {
      if (![...dialog.querySelectorAll(".field")].some((field) => field.dataset.field === name)) unplaced.push(why);
    }
    const top = dialog.querySelector("#form-error");
    top.hidden = !text && unplaced.length === 0;
    top.querySelector("p").textContent = [text, ...unplaced].filter(Boolean).join(" ");
    const first = dialog.querySelector(".field [aria-invalid]:not(fieldset)");
    if (first) first.focus();
    else if (!top.hidden) top.scrollIntoView({ block: "nearest" });
  };

  // ---- a field whose options are searched for ----
  const search = (dialog, ask, box) => {
    const [input, chosen, list, status] = ["input[type=text]", ".chosen", ".found", "[role=status]"].map((s) => box.querySelector(s));
    const field = fieldOf(box);
    const isMulti = "multi" in field.dataset;
    const changed = () => { if ("refresh" in field.dataset) ask.refresh(field.dataset.field); };
    const removable = (chip) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "×";
      button.setAttribute("aria-label", words.remove.replace("%s", chip.querySelector("span").textContent));
      button.addEventListener("click", () => { chip.remove(); input.focus(); changed(); });
      chip.append(button);
    };
    const choose = ({ label, value }) => {
      const had = [...chosen.querySelectorAll("input")].some((one) => one.value === value);
      if (!isMulti) chosen.replaceChildren();
      if (!isMulti || !had) {
        const chip = document.createElement("li");
        chip.className = "chip";
        const name = document.createElement("span");
        name.textContent = label;
        const hidden = document.createElement("input");
        Object.assign(hidden, { type: "hidden", name: box.dataset.name, value });
        chip.append(name, hidden);
        chosen.append(chip);
        if (isMulti) removable(chip);
      }
      input.value = isMulti ? "" : label;
      changed();
    };
    const list2 = Bellhop.picker({ input, list, status, choose, find: () => ask.lookup(field.dataset.field, input.value) });
    if (isMulti) for (const chip of chosen.children) removable(chip);
    input.addEventListener("click", () => list2.look(0));
    input.addEventListener("input", () => {
      if (isMulti || !chosen.firstElementChild) return;
      chosen.replaceChildren(); // what is typed is something else now
      changed();
    });
    input.addEventListener("blur", () => {
      const isLoose = input.value.trim() !== "" && (isMulti || !chosen.firstElementChild);
      const line = field.querySelector(".hint-bad");
      if (isLoose) line.textContent = words.choose;
      line.hidden = !isLoose;
    });
  };

  // ---- a dialog ----
  const openForm = (html) => {
    let dialog = parse(html);
    let isBusy = false;
    let last = { body: "", id: "" };
    let pending = Promise.resolve(); // a refresh that is under way
    const tell = (kind, more = {}) => {
      const fields = fieldsOf(dialog);
      fields.set("token", dialog.dataset.token);
      fields.set("kind", kind);
      for (const [name, value] of Object.entries(more)) fields.set(name, value);
      // The same sent again after no answer keeps its id, so that it does nothing twice.
      if (last.body !== String(fields)) last = { body: String(fields), id: Bellhop.newID() };
      fields.set("id", last.id);
      return Bellhop.send(dialog.dataset.url, fields).then((told) => {
        if (!told.lost) last = { body: "", id: "" };
        return told;
      });
    };
    const wire = () => {
      localise(dialog);
      for (const box of dialog.querySelectorAll(".search")) search(dialog, ask, box);
    };
    // swap shows the form anew. The focus, and what was typed meanwhile, stay.
    const swap = (fresh, before) => {
      const typed = new Map(controls(dialog).map((control) => [control.id, control.value]));
      const focus = document.activeElement?.id;
      dialog.replaceChildren(...parse(fresh).childNodes);
      wire();
      for (const control of controls(dialog)) {
        const now = typed.get(control.id);
        if (now !== undefined && before.has(control.id) && now !== before.get(control.id)) control.value = now;
      }
      if (focus) document.getElementById(focus)?.focus();
    };
    const ask = {
      lookup: async (field, query) => (await tell("lookup", { field, query })).options || [],
      refresh: (field) => {
        pending = pending.then(async () => {
          const before = new Map(controls(dialog).map((control) => [control.id, control.value]));
          const told = await tell("form", { field });
          if (!dialog.isConnected) return;
          if (told.dialog) {
            dialog.dataset.token = parse(told.dialog).dataset.token;
            swap(told.dialog, before);
          } else if (told.error) {
            complain(dialog, told.error, told.fields);
          }
        });
        return pending;
      },
    };
    const submit = async () => {
      if (isBusy) return;
      isBusy = true;
      const button = dialog.querySelector("[type=submit]");
      button.setAttribute("aria-disabled", "true");
      await pending;
      complain(dialog, "");
      const told = await tell("submit");
      isBusy = false;
      dialog.querySelector("[type=submit]").removeAttribute("aria-disabled");
      if (told.error) { complain(dialog, told.error, told.fields); return; }
      dialog.close();
      Bellhop.show(told);
    };
    dialog.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
    // Esc, and what stands for it elsewhere, closes the dialog; the button does the same.
    dialog.addEventListener("cancel", (event) => {
      if (event.target !== dialog) return;
      if (isBusy) event.preventDefault();
      else tell("cancel"); // nothing waits for it
    });
    dialog.addEventListener("click", (event) => {
      if (!event.target.closest("[data-cancel]") || isBusy) return;
      tell("cancel");
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      // Chromium gives the focus back while the page still is inert, and then now and then leaves a
      // text box without its caret: what is typed goes nowhere.
      const back = document.activeElement;
      back.blur();
      back.focus({ preventScroll: true });
    });
    dialog.addEventListener("change", (event) => {
      const field = fieldOf(event.target);
      if (field && "refresh" in field.dataset && !event.target.closest(".search")) ask.refresh(field.dataset.field);
    });
    document.body.append(dialog);
    wire();
    dialog.showModal();
  };
  Bellhop.openForm = openForm;
})();
