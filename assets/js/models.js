() => {
  // The models panel: a button says what it wants in a hidden field; the number makes each wish a new value.
  const panel = () => document.querySelector("#models-panel:not(.hide, .hidden)");
  let wishes = 0;
  let shown = "";  // the model of the last details
  let heading = null;  // of the details as they were when others were asked for
  let last = null;  // the button that had the focus: the cards change again and again

  const ask = (wish) => {
    const field = document.querySelector("#models-action textarea, #models-action input");
    if (!field) return;
    const prototype = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    const value = JSON.stringify({ ...wish, number: ++wishes });
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const headingNow = () => {
    const found = panel() && panel().querySelector("#model-details h2");
    return found ? { element: found, words: found.textContent } : { element: null, words: "" };
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("#models-panel [data-do]");
    if (!button) return;
    const { do: what, model = "", ask: question } = button.dataset;
    if (question && !window.confirm(question)) return;
    ask({ do: what, model });
    last = what === "close" ? { what: "details", model: shown } : { what, model };
    if (what === "details") {
      shown = model;
      heading = headingNow();
      panel().scrollTo({ top: 0 });
    } else if (what !== "close") {
      button.disabled = true;
      setTimeout(() => {
        button.disabled = false;  // when nothing came of it, it stays; being disabled, it lost the focus
        refocus();
      }, 1500);
    }
  });

  // Gradio's slider fails with a number outside its range, and a number that is being typed begins outside:
  // it hears of one inside only, and of the nearest end when the typing is done.
  const context = (event) => event.target.closest && event.target.closest('#fit-context input[type="number"]');
  const nearest = (field) => Math.min(Math.max(field.valueAsNumber || 0, Number(field.min)), Number(field.max));
  document.addEventListener("input", (event) => {
    const field = context(event);
    if (field && field.valueAsNumber !== nearest(field)) event.stopImmediatePropagation();
  }, true);
  document.addEventListener("change", (event) => {
    const field = context(event);
    if (!field || field.valueAsNumber === nearest(field)) return;
    field.value = nearest(field);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, true);

  // In the capture phase, a list of files is still open that the same key closes.
  document.addEventListener("keydown", (event) => {
    const close = panel() && panel().querySelector("#close-models");
    if (event.key === "Escape" && close && !panel().querySelector("[role=listbox]")) close.click();
  }, true);

  document.addEventListener("pointerdown", () => { last = null; }, true);
  document.addEventListener("focusin", (event) => {
    const { do: what, model = "" } = (event.target.closest("#models-panel [data-do]") || { dataset: {} }).dataset;
    last = what ? { what, model } : null;
  });
  const refocus = () => {
    if (!last || !panel() || document.activeElement !== document.body) return;
    const own = [...panel().querySelectorAll("[data-do]")].filter((one) => (one.dataset.model || "") === last.model);
    const button = own.find((one) => one.dataset.do === last.what) || own[0];
    if (button) button.focus({ preventScroll: true });
  };
  const focusDetails = () => {
    const now = heading && headingNow();
    if (!now || !now.element || (now.element === heading.element && now.words === heading.words)) return;
    heading = null;
    now.element.focus({ preventScroll: true });
  };
  new MutationObserver(() => {
    focusDetails();
    refocus();
  }).observe(document.body, { childList: true, subtree: true });
}
