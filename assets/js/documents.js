() => {
  // The documents panel: a button says what it wants in a hidden field.
  let wishes = 0;
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("#documents-panel [data-do]");
    const field = document.querySelector("#documents-action textarea, #documents-action input");
    if (!button || !field) return;
    const { do: what, sha256, ask } = button.dataset;
    if (ask && !window.confirm(ask)) return;
    const prototype = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    const value = JSON.stringify({ do: what, sha256, wish: ++wishes });
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("keydown", (event) => {
    const close = document.querySelector("#documents-panel #close-documents");
    if (event.key === "Escape" && close && close.offsetParent) close.click();
  });
}
