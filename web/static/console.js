// The console's live part. Without it the pages still show every message; it adds what arrives
// meanwhile, local times, unread counts and the keyboard.
(() => {
  "use strict";
  const page = document.getElementById("console");
  const posts = document.getElementById("posts");
  const log = document.getElementById("log");
  const rooms = document.getElementById("rooms");
  const { system, room, events } = page.dataset;
  const words = JSON.parse(page.dataset.words);
  const counting = (one, many, n) => (n === 1 ? words[one] : words[many].replace("%d", String(n)));
  const language = document.documentElement.lang || undefined;
  const mostShown = 500; // messages kept on the page; the server has the rest

  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window */ } };
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const parse = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html; // made and escaped by the server; scripts in a template never run
    return box.content.firstElementChild;
  };

  // ---- times: the server writes UTC, people read their own ----
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
  const dayName = (at) => {
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
    return days === 0 ? words.today : days === 1 ? words.yesterday : date.format(at);
  };
  const localise = (within) => {
    for (const time of within.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      const alone = time.parentElement.matches(".when") && !time.closest(".thread-log");
      time.textContent = alone || dayName(at) === words.today ? clock.format(at) : `${dayName(at)}, ${clock.format(at)}`;
      time.title = full.format(at);
    }
  };
  const timeOf = (say) => new Date(say.querySelector(".when time").dateTime);
  const markDays = () => {
    for (const line of posts.querySelectorAll(":scope > .day")) line.remove();
    let last = "";
    for (const say of posts.querySelectorAll(":scope > .say")) {
      const name = dayName(timeOf(say));
      if (name === last) continue;
      last = name;
      const line = document.createElement("div");
      line.className = "day";
      line.textContent = name;
      say.before(line);
    }
  };

  // ---- unread: what a room held when it was last looked at, kept by this browser ----
  const seenKey = `bellhop.seen.${system}`;
  const seen = {};
  const readSeen = () => {
    try { Object.assign(seen, JSON.parse(recall(seenKey))); } catch { /* not ours: start anew */ }
  };
  const sawAll = (items) => { // other tabs write here too
    readSeen();
    for (const item of items) seen[item.dataset.room] = Number(item.dataset.posts);
    remember(seenKey, JSON.stringify(seen));
  };
  let missed = 0; // in this room, while the tab was hidden
  const title = document.title;
  const look = () => {
    if (document.hidden || !room) return;
    sawAll([itemOf(room)]);
    missed = 0;
    showUnread();
  };
  const itemOf = (name) => [...rooms.children].find((item) => item.dataset.room === name);
  const showUnread = () => {
    let total = 0;
    for (const item of rooms.children) {
      const name = item.dataset.room;
      const unread = name === room ? 0 : Math.max(0, Number(item.dataset.posts) - (seen[name] || 0));
      const count = item.querySelector(".count");
      count.hidden = unread === 0;
      count.querySelector(".unread").textContent = unread > 99 ? "99+" : unread;
      item.firstElementChild.classList.toggle("is-unread", unread > 0);
      total += unread;
    }
    const elsewhere = document.getElementById("elsewhere");
    if (elsewhere) {
      elsewhere.hidden = total === 0;
      elsewhere.textContent = total > 99 ? "99+" : total;
      const menu = document.getElementById("menu");
      menu.setAttribute("aria-label", total ? words.allRooms.replace("%d", String(total)) : menu.title);
    }
    document.title = missed > 0 ? `(${missed}) ${title}` : title;
  };
  addEventListener("storage", (event) => {
    if (event.key !== seenKey) return;
    readSeen();
    showUnread();
  });

  // ---- what arrives ----
  const addReply = (root, say) => {
    const below = threadOf(root);
    const list = below.querySelector(".thread-log");
    place(list, say);
    const n = list.children.length;
    below.querySelector(".replies-count").textContent = counting("reply", "replies", n);
    below.hidden = false;
    if ("private" in say.dataset || "mine" in say.dataset) below.open = true; // its reader waits for it
    if (!below.open) settle(below.querySelector("summary"));
  };
  const settle = (element) => {
    element.classList.remove("is-new");
    void element.offsetWidth; // restarts the animation
    element.classList.add("is-new");
  };
  const threadOf = (say) => say.querySelector(":scope > div > .thread-below");
  const hearPost = (html, isNew) => {
    const say = parse(html);
    if (!say) return;
    const shown = document.getElementById(say.id);
    if (shown) change(shown, say);
    else if (isNew) addPost(say); // a change of another one is of an older page
  };
  // change puts what a message says now in its place; its replies stay.
  const change = (old, say) => {
    if (Number(say.dataset.rev) <= Number(old.dataset.rev)) return; // the page is newer than this news
    const focus = old.contains(document.activeElement) ? document.activeElement : null;
    const thread = threadOf(old);
    if (thread) threadOf(say).replaceWith(thread);
    if (!old.querySelector(":scope > div > .stray")) say.querySelector(".stray")?.remove();
    old.replaceWith(say);
    localise(say);
    settle(say);
    if (focus) (say.contains(focus) ? focus : say.querySelector(".when")).focus({ preventScroll: true });
  };
  // place keeps the order of arrival: what was changed at once may come late.
  const place = (list, say) => {
    const next = [...list.children].find((other) => Number(other.dataset.seq) > Number(say.dataset.seq));
    list.insertBefore(say, next || null);
  };
  const addPost = (say) => {
    document.getElementById("empty")?.remove();
    const root = say.dataset.root && document.getElementById(`m${say.dataset.root}`);
    if (root && threadOf(root)) {
      say.querySelector(".stray")?.remove();
      addReply(root, say);
    } else {
      place(posts, say);
      markDays();
      prune();
    }
    localise(say);
    settle(say);
    if (!("private" in say.dataset)) counted();
    if (document.hidden) missed++;
    look();
    showUnread();
    document.dispatchEvent(new CustomEvent("bellhop:shown", { detail: say }));
  };
  const counted = () => {
    const n = ++itemOf(room).dataset.posts;
    document.getElementById("room-count").textContent = counting("message", "messages", n);
  };
  const prune = () => {
    const shown = posts.querySelectorAll(":scope > .say");
    for (const old of [...shown].slice(0, Math.max(0, shown.length - mostShown))) {
      if (!old.contains(document.activeElement)) old.remove();
    }
  };
  const addElsewhere = (html) => {
    const item = parse(html);
    if (!item) return;
    if (!room) { location.assign(item.firstElementChild.href); return; }
    const known = itemOf(item.dataset.room);
    if (known) {
      known.dataset.posts = Number(known.dataset.posts) + 1;
    } else {
      document.getElementById("no-rooms")?.remove();
      const next = [...rooms.children].find((other) => other.dataset.room > item.dataset.room);
      rooms.insertBefore(item, next || null);
    }
    showUnread();
  };

  document.addEventListener("bellhop:post", ({ detail: html }) => hearPost(html, true)); // the answer to what was sent from here

  // ---- the stream: a lost one is opened again, from the last news seen ----
  let stream = null;
  let last = page.dataset.after;
  let wait = 1000;
  let retry = 0;
  const lost = document.getElementById("lost");
  const live = document.getElementById("conn");
  const connected = () => {
    wait = 1000;
    lost.hidden = true;
    live.classList.remove("is-lost");
    document.getElementById("live-text").textContent = words.live;
  };
  const disconnected = () => {
    live.classList.add("is-lost");
    document.getElementById("live-text").textContent = words.lost;
    if (!lost.hidden) return;
    const since = lost.querySelector("time");
    since.dateTime = new Date().toISOString();
    since.textContent = clock.format(new Date());
    lost.hidden = false;
  };
  const open = () => {
    close();
    stream = new EventSource(`${events}?after=${encodeURIComponent(last)}`);
    stream.onopen = connected;
    stream.onerror = () => {
      disconnected();
      // The browser goes on by itself after a broken connection, but not after an answer that is no stream.
      if (stream.readyState !== EventSource.CLOSED) return;
      retry = setTimeout(open, wait);
      wait = Math.min(wait * 2, 30000);
    };
    const hear = (act) => (event) => { last = event.lastEventId || last; act(event.data); };
    stream.addEventListener("post", hear((html) => hearPost(html, true)));
    stream.addEventListener("changed", hear((html) => hearPost(html, false)));
    stream.addEventListener("elsewhere", hear(addElsewhere));
    stream.addEventListener("here", (event) => {
      const list = parse(event.data);
      if (list) document.getElementById("here")?.replaceWith(list);
    });
  };
  const close = () => {
    clearTimeout(retry);
    stream?.close();
    stream = null;
  };
  document.getElementById("again").addEventListener("click", () => { wait = 1000; open(); });

  // ---- keyboard ----
  const step = (by) => {
    const links = [...rooms.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const from = at >= 0 ? at : links.findIndex((link) => link.getAttribute("aria-current"));
    links[Math.max(0, Math.min(links.length - 1, from + by))]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("textarea, select, input:not([type=checkbox], [type=radio])") || document.querySelector("dialog[open]")) return;
    const letter = document.body.dataset.keys !== "off" ? { j: 1, k: -1 }[event.key] : 0;
    const arrow = rooms.contains(event.target) ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : 0;
    const by = letter || arrow;
    if (!by) return;
    event.preventDefault();
    step(by);
  });

  // ---- copy ----
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("is-done");
      button.setAttribute("aria-label", words.copied);
    });
  }

  // ---- start ----
  localise(document);
  if (posts) markDays();
  if (location.hash) document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
  readSeen();
  if (Object.keys(seen).length === 0) sawAll(rooms.children); // the first visit: what is there already is not new
  look();
  showUnread();
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted && events) open(); });
  if (events) open();
  else live.hidden = true;
  if (log && room && !location.hash) log.scrollTop = 0; // column-reverse: the newest
})();
