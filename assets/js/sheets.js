() => {
  // The sheets over the page are dialogs: each has a name, takes the focus, and gives it back.
  const sheets = [["#models-panel", "#open-models"], ["#documents-panel", "#open-documents"]];
  const open = new Set();

  const begin = (panel) => {
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", (panel.querySelector("h1") || panel).textContent.trim());
    panel.tabIndex = -1;
    panel.focus({ preventScroll: true });
  };
  const end = (opener) => {
    const button = document.querySelector(`.sidebar.open ${opener}, #sidebar.open ${opener}`);
    if (button && document.activeElement === document.body) button.focus({ preventScroll: true });
  };
  const look = () => {
    for (const [id, opener] of sheets) {
      const panel = document.querySelector(`${id}:not(.hide, .hidden)`);
      if (panel && panel.querySelector("h1") && !open.has(id)) {
        open.add(id);
        begin(panel);
      } else if (!panel && open.delete(id)) {
        end(opener);
      }
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributeFilter: ["class"] });
}
