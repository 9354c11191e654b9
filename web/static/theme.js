// The theme is set before anything is drawn, so this file is loaded in the head, not deferred.
(() => {
  "use strict";
  const key = "bellhop.theme";
  const root = document.documentElement;

  const stored = () => {
    try { return localStorage.getItem(key) || "auto"; } catch { return "auto"; } // storage may be forbidden
  };
  const show = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const radio of document.querySelectorAll("input[name=theme]")) radio.checked = radio.value === theme;
  };

  // The server draws pages in the theme, and writes times in the zone, that the browser is in.
  const remember = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  };
  remember("bellhop_zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
  remember("bellhop_theme", stored() === "auto" ? "" : stored());

  show(stored());
  document.addEventListener("DOMContentLoaded", () => show(stored()));
  document.addEventListener("change", (event) => {
    if (event.target.name !== "theme") return;
    try { localStorage.setItem(key, event.target.value); } catch { /* then it holds for this page */ }
    remember("bellhop_theme", event.target.value === "auto" ? "" : event.target.value);
    show(event.target.value);
  });
  addEventListener("storage", (event) => { if (event.key === key) show(stored()); }); // another tab
})();
