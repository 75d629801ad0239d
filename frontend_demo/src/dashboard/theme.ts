/** Dark, light, or as the system says; remembered for this browser. */
export type Theme = "system" | "light" | "dark";

const NAME = "ledger.theme";

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(NAME);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  dispatchEvent(new Event("ledger:theme"));
}

export function rememberTheme(theme: Theme): void {
  try {
    localStorage.setItem(NAME, theme);
  } catch {
    // storage may be switched off: the choice then lasts as long as the page
  }
  applyTheme(theme);
}

/** Calls back when colours may have changed, by choice or by the system: canvases are drawn anew then. */
export function onTheme(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  addEventListener("ledger:theme", changed);
  return () => {
    system.removeEventListener("change", changed);
    removeEventListener("ledger:theme", changed);
  };
}
