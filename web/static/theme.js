// The theme is set before anything is drawn, so this file is loaded in the head, not deferred.
(() => {
  "use strict";
  const key = "bellhop.theme";
  const root = document.documentElement;

  const stored = () => {
    try { return localStorage.getItem(key) || ""; } catch { return ""; } // storage may be forbidden
  };
  const keep = (theme) => {
    try { localStorage.setItem(key, theme); } catch { /* then it holds for this page */ }
  };
  // What an account has chosen wins over what this browser has, and that over the house's.
  const chosen = () => root.dataset.chosen || stored() || root.dataset.house || "auto";
  const show = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const radio of document.querySelectorAll(".theme input[name=theme]")) radio.checked = radio.value === theme;
  };

  // The server draws pages in the theme, and writes times in the zone, that the browser is in.
  const remember = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  };
  remember("bellhop_zone", Intl.DateTimeFormat().resolvedOptions().timeZone);
  if (root.dataset.chosen) keep(root.dataset.chosen);
  remember("bellhop_theme", stored());

  show(chosen());
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  document.addEventListener("change", (event) => {
    const theme = event.target.value;
    if (event.target.name !== "theme" || !event.target.closest(".theme")) return;
    if (root.dataset.account !== undefined) {
      root.dataset.chosen = theme;
      fetch("/me/theme", { method: "POST", body: new URLSearchParams({ theme }), keepalive: true }); // though the page is left
    }
    keep(theme);
    remember("bellhop_theme", theme);
    show(theme);
  });
  addEventListener("storage", (event) => { if (event.key === key) show(chosen()); }); // another tab
})();
