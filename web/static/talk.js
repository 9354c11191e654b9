// What people say in the console: the box below the log, threads, and the buttons under messages.
(() => {
  "use strict";
  const page = document.getElementById("console");
  const composer = document.getElementById("composer");
  const { system, room, url } = page.dataset;
  const words = JSON.parse(page.dataset.words);

  const newID = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

  // send tells the server something. What comes back has an error if it was not taken.
  const send = async (to, fields) => {
    let answer;
    try {
      answer = await fetch(to, { method: "POST", body: new URLSearchParams(fields), headers: { Accept: "application/json" } });
    } catch {
      return { error: words.noAnswer, lost: true };
    }
    if (answer.status === 401) return { error: words.signedOut, lost: true };
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      told.error ||= told.detail || words.answered.replace("%d", String(answer.status));
      told.lost = true;
    }
    return told;
  };
  // show puts what came back on the page.
  const show = (told) => {
    for (const html of told.posts || []) document.dispatchEvent(new CustomEvent("bellhop:post", { detail: html }));
    if (told.dialog) Bellhop.openForm(told.dialog);
    wait(Boolean(told.later));
  };
  Object.assign(Bellhop, { newID, send, show });

  const note = document.getElementById("composer-note");
  const say = (text, isBad = false) => {
    if (!note) return;
    note.textContent = text;
    note.classList.toggle("is-bad", isBad);
  };
  let waits = false; // for an answer that comes later
  const wait = (on) => {
    waits = on;
    say(on ? words.working : "");
  };
  document.addEventListener("bellhop:shown", ({ detail: shown }) => {
    if (shown.dataset.root && ("private" in shown.dataset || "mine" in shown.dataset)) shown.scrollIntoView({ block: "nearest" });
    if (!waits || !("private" in shown.dataset) || "mine" in shown.dataset) return;
    wait(false);
    if (!document.querySelector("dialog[open]")) shown.querySelector("[data-opens]")?.click();
  });

  // ---- buttons and selects under messages ----
  const complain = (button, text) => {
    const acts = button.closest(".acts");
    acts.parentElement.querySelector(".acts-error")?.remove();
    if (!text) return;
    const line = document.createElement("p");
    line.className = "hint hint-bad acts-error";
    line.setAttribute("role", "alert");
    line.textContent = text;
    acts.after(line);
  };
  const press = async (button) => {
    const select = button.dataset.select ? document.getElementById(button.dataset.select) : null;
    if (button.getAttribute("aria-disabled") === "true") return;
    if (select && !select.value) { select.focus(); return; }
    button.setAttribute("aria-disabled", "true"); // not disabled: that would lose the focus
    const told = await send(`${url}/actions`, {
      id: newID(), post: button.closest(".say").dataset.seq, token: button.dataset.press, value: select ? select.value : "",
    });
    button.removeAttribute("aria-disabled");
    complain(button, told.error);
    if (!told.error) show(told);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-press]");
    if (button) press(button);
  });
  if (!composer) return;
  document.documentElement.classList.add("talks");

  // ---- the box ----
  const box = composer.elements.text;
  const log = document.getElementById("log");
  let id = composer.elements.id.value;
  let queue = Promise.resolve(); // what was sent first arrives first
  const deliver = async (fields) => {
    composer.classList.add("is-busy");
    const told = await send(composer.action, fields);
    composer.classList.remove("is-busy");
    if (told.error) {
      // The same words keep their id: if they did arrive, sending them again does nothing.
      box.value = box.value ? `${fields.text}\n${box.value}` : fields.text;
      if (box.value === fields.text) id = fields.id;
      say(told.error, true);
      return;
    }
    if (!fields.root) log.scrollTop = 0;
    show(told);
  };
  const submit = () => {
    if (!box.value.trim()) return;
    const fields = { text: box.value, root: composer.elements.root.value, id };
    box.value = "";
    id = newID();
    slash.close();
    queue = queue.then(() => deliver(fields));
  };
  composer.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  box.addEventListener("input", () => {
    if (!note.classList.contains("is-bad")) return;
    id = newID(); // other words than those that failed
    say("");
  });

  // ---- completion of commands ----
  const bytes = new TextEncoder();
  const text = new TextDecoder();
  const typed = () => {
    const line = box.value.slice(0, box.selectionStart);
    const skip = line.match(/^@bellhop[:,]?\s+/i)?.[0] || "";
    return { skip, line: line.slice(skip.length), is: !line.includes("\n") && (skip !== "" || line.startsWith("/")) };
  };
  const find = async () => {
    const { skip, line, is } = typed();
    if (!is) return [];
    try {
      const answer = await fetch(`/api/v1/autocomplete?q=${encodeURIComponent(line)}&chat=${encodeURIComponent(`${system}:${room}`)}`);
      if (!answer.ok) return [];
      // Places are bytes of UTF-8 there and UTF-16 units here.
      const at = (start) => skip.length + text.decode(bytes.encode(line).slice(0, start)).length;
      return (await answer.json()).items.map((item) => ({ ...item, at: at(item.start) }));
    } catch {
      return []; // one may type on without it
    }
  };
  const slash = Bellhop.picker({
    input: box, list: document.getElementById("slash-list"), box: document.getElementById("slash"), find, eager: true,
    choose: (item) => {
      box.setRangeText(item.insert, item.at, box.selectionStart, "end");
      slash.look(0);
    },
  });

  // ---- threads ----
  const inThread = document.getElementById("in-thread");
  const enterThread = (root, isFocused = true) => {
    composer.elements.root.value = root ? root.dataset.seq : "";
    inThread.hidden = !root;
    if (root) inThread.querySelector("b").textContent = (root.querySelector(":scope > div > .body .title") || root.querySelector(".body")).innerText.trim().split("\n")[0];
    if (isFocused) box.focus();
  };
  const openThread = () => document.querySelector(".thread-below[open]");
  const closeThread = (isFocused = true) => {
    const below = openThread();
    if (below) below.open = false;
    if (below && isFocused) below.querySelector("summary").focus();
    enterThread(null, false);
  };
  document.getElementById("leave-thread").addEventListener("click", () => { closeThread(false); box.focus(); });
  // What is said while a thread is open goes there.
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches(".thread-below")) return;
    const root = event.target.closest(".say");
    if (event.target.open) {
      root.querySelector(".thread-log").scrollTop = 1e6;
      if (composer.elements.root.value !== root.dataset.seq) enterThread(root, false);
    } else if (composer.elements.root.value === root.dataset.seq && !openThread()) {
      enterThread(null, false);
    }
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-thread]")) closeThread();
    const button = event.target.closest("[data-answer]");
    if (!button) return;
    const root = button.closest(".say");
    const below = root.querySelector(":scope > div > .thread-below");
    if (below && !below.hidden) below.open = true;
    else closeThread(false);
    enterThread(root);
  });
  // Some keyboards, and programs that type for people, send the letter apart from the key.
  box.addEventListener("keypress", (event) => {
    if (event.key === "Enter" && !event.shiftKey) event.preventDefault();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && !inThread.hidden) {
      event.preventDefault();
      closeThread(false);
    }
  });
})();
