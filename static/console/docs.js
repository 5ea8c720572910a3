// Swagger's pages in the theme that was chosen in the console, else the system's.
(() => {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const chosen = (localStorage.getItem("adminTheme") || "").replaceAll('"', "");
    document.documentElement.classList.toggle("dark-mode", chosen === "dark" || (chosen !== "light" && dark.matches));
  };
  show();
  dark.addEventListener("change", show);
})();
