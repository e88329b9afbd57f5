() => {
  // Stable names for the composer's buttons: the component draws them itself, and anew.
  const names = { attach: ".upload-button", send: ".submit-button", stop: ".stop-button" };
  const nameButtons = () => {
    const composer = document.querySelector("#composer");
    for (const [id, selector] of Object.entries(names)) {
      const button = composer && composer.querySelector(selector);
      if (button && button.id !== id) {
        button.id = id;
        button.setAttribute("aria-label", id);
        button.title = id;
      }
    }
  };

  // Follow the answer, unless the person has scrolled up to read.
  let following = true;
  const transcript = () => document.querySelector("#transcript");
  const toEnd = () => {
    const box = transcript();
    if (box && following) box.scrollTop = box.scrollHeight;
  };
  document.addEventListener(
    "scroll",
    (event) => {
      const box = transcript();
      if (event.target === box) {
        following = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
      }
    },
    true,
  );
  const sheetIsOpen = () => document.querySelector(":is(#models-panel, #documents-panel):not(.hide, .hidden)") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !sheetIsOpen()) {
      const stop = document.querySelector("#composer .stop-button");
      if (stop) stop.click();
    }
    if (event.key === "Enter" && event.target.closest && event.target.closest("#composer")) {
      following = true;
    }
  });

  // On a phone the chats cover the page: they open when asked for, and close when something is chosen.
  const narrow = () => window.matchMedia("(max-width: 768px)").matches;
  const closeChats = () => {
    const open = document.querySelector("#sidebar.open .toggle-button");
    if (narrow() && open) open.click();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("#new-chat, #open-models, #open-documents, #history label")) {
      setTimeout(closeChats, 50);
    }
  });
  closeChats();

  new MutationObserver(() => {
    nameButtons();
    toEnd();
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
  nameButtons();
}
