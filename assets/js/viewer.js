// The viewer: a page of what was attached with the cited passage marked, and a part of it to ask about.
// It opens for a citation, for a picture, and for `glmdesk:page` events ({sha256, page, words?}). What is to be
// asked about goes to the composer as a `glmdesk:attach` event ({sha256, page, box}), its box in thousandths.
() => {
  const SAID = {
    previous: "Previous page",
    next: "Next page",
    larger: "Larger or smaller",
    close: "Close",
    askPart: "Ask about this part",
    askPage: "Ask about this page",
    askPicture: "Ask about this picture",
    hint: "Draw a rectangle with the mouse to ask about a part.",
    lost: "The passage itself was not found on this page.",
    gone: "This page cannot be shown now. Nothing else has changed; try again in a moment.",
    place: (page, pages) => `Page ${page.toLocaleString("en")} of ${pages.toLocaleString("en")}`,
    sees: (width, height, tokens) =>
      `As the model sees it: ${width} × ${height}, ${tokens.toLocaleString("en")} tokens`,
    seesPage: (width, height, tokens) =>
      `If it is sent as a picture, the model sees it at ${width} × ${height}, ${tokens.toLocaleString("en")} tokens`,
    reads: "The model was given the text of this page.",
    readsOnly: "The model was given the text of this page, not its picture.",
  };
  const WHOLE = [0, 0, 1000, 1000];
  const SMALLEST = 8;

  const make = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const button = (id, sign, label) =>
    make("button", { id, type: "button", title: label, "aria-label": label }, sign);

  const title = make("h2", { id: "viewer-title" });
  const place = make("span", { class: "place", "aria-live": "polite" });
  const previous = button("viewer-previous", "‹", SAID.previous);
  const next = button("viewer-next", "›", SAID.next);
  const larger = button("viewer-larger", "⤢", SAID.larger);
  const close = button("viewer-close", "×", SAID.close);
  const picture = make("img", { alt: "", draggable: "false" });
  const marks = make("div", { class: "marks" });
  const chosen = make("div", { class: "chosen" });
  const stage = make("div", { class: "stage" }, picture, marks, chosen);
  const words = make("pre", { class: "words", tabindex: "0" });
  const sheet = make("div", { class: "sheet" }, stage, words);
  const facts = make("p", { class: "facts", role: "status" });
  const ask = make("button", { id: "viewer-ask", type: "button" });
  const dialog = make(
    "dialog",
    { id: "page-viewer", "aria-labelledby": "viewer-title" },
    make("header", {}, title, place, previous, next, larger, close),
    sheet,
    make("div", { class: "foot" }, facts, ask),
  );
  // Inside, or Gradio's copy of the style sheet would not reach it.
  (document.querySelector(".gradio-container .contain") || document.body).append(dialog);

  let shown = null; // what is wished for, and what the server says of it once that is known
  let wishes = 0;
  let part = null;

  const laid = (box, kind, label = "") => {
    const mark = make("div", { class: kind });
    put(mark, box);
    if (label) mark.title = label;
    return mark;
  };
  const put = (mark, [left, top, right, bottom]) => {
    mark.style.left = `${left / 10}%`;
    mark.style.top = `${top / 10}%`;
    mark.style.width = `${(right - left) / 10}%`;
    mark.style.height = `${(bottom - top) / 10}%`;
  };

  const read = async (address) => {
    try {
      const answer = await fetch(address);
      const body = await answer.json();
      return answer.ok ? body : { fault: body.detail || SAID.gone };
    } catch {
      return { fault: SAID.gone };
    }
  };

  const address = ({ sha256, page }, rest = "") => `/files/${sha256}/pages/${page}${rest}`;
  const valid = (wish) =>
    wish && /^[0-9a-f]{64}$/.test(wish.sha256) && Number.isInteger(wish.page) && wish.page >= 0;

  const show = async (wish) => {
    if (!valid(wish)) return;
    const mine = ++wishes;
    shown = { ...wish, pages: shown && shown.sha256 === wish.sha256 ? shown.pages : 0 };
    clear();
    if (!dialog.open) dialog.showModal();
    const page = await read(address(wish, "/text"));
    if (mine !== wishes) return;
    if (page.fault) {
      facts.textContent = String(page.fault);
      return;
    }
    shown = { ...wish, ...page, page: wish.page };
    lay(page);
    await highlight(mine);
  };

  const clear = () => {
    choose(null);
    marks.replaceChildren();
    facts.textContent = "";
    place.textContent = shown.pages > 1 ? SAID.place(shown.page, shown.pages) : "";
    turnable();
  };

  const turnable = () => {
    previous.disabled = !(shown.page > 1);
    next.disabled = !(shown.page > 0 && shown.page < shown.pages);
    previous.hidden = next.hidden = !(shown.pages > 1);
  };

  const lay = (page) => {
    title.textContent = page.label ? `${page.name}: ${page.label}` : page.name;
    place.textContent = page.pages > 1 ? SAID.place(shown.page, page.pages) : "";
    stage.hidden = larger.hidden = ask.hidden = !page.picture;
    words.hidden = page.picture;
    words.textContent = page.picture ? "" : page.text;
    if (page.picture) {
      picture.src = address(shown, `?side=${Math.ceil(1080 * Math.min(2, devicePixelRatio || 1))}`);
      picture.alt = [page.name, place.textContent].filter(Boolean).join(", ");
    } else {
      picture.removeAttribute("src");
    }
    facts.textContent = fact(page);
    turnable();
    choose(null);
    sheet.scrollTo(0, 0);
  };

  const fact = ({ sees, tokens, picture: drawn }) => {
    if (shown.as === "text") return drawn ? SAID.readsOnly : SAID.reads;
    if (!sees[0]) return drawn ? SAID.hint : "";
    return shown.page && !shown.as ? SAID.seesPage(...sees, tokens) : SAID.sees(...sees, tokens);
  };

  const highlight = async (mine) => {
    if (shown.boxes) {
      marks.append(...shown.boxes.map(([l, t, r, b, label]) => laid([l, t, r, b], "part", label)));
    }
    if (!shown.words) return;
    if (!shown.picture) {
      markText(shown.text, shown.words);
      return;
    }
    const found = await read(address(shown, `/find?words=${encodeURIComponent(shown.words)}`));
    if (mine !== wishes || !found.boxes) return;
    marks.append(...found.boxes.map((box) => laid(box, "passage")));
    if (found.boxes.length) marks.lastElementChild.scrollIntoView({ block: "nearest" });
    else facts.textContent = [SAID.lost, facts.textContent].filter(Boolean).join(" ");
  };

  // The passage in a page's text: the place that holds most of the cited words close together.
  const pieces = (text) => [
    ...text.matchAll(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}]+/gu),
  ];
  const word = (piece) => piece[0].toLowerCase();
  const passage = (text, cited) => {
    const wanted = new Set(pieces(cited).map(word));
    const all = pieces(text);
    const width = wanted.size * 2;
    const counts = new Map();
    let best = { hits: 0, first: 0, last: 0 };
    all.forEach((piece, index) => {
      const now = word(piece);
      if (wanted.has(now)) counts.set(now, (counts.get(now) || 0) + 1);
      const gone = index >= width ? word(all[index - width]) : "";
      if (counts.has(gone)) {
        if (counts.get(gone) === 1) counts.delete(gone);
        else counts.set(gone, counts.get(gone) - 1);
      }
      if (counts.size > best.hits) best = { hits: counts.size, first: Math.max(0, index - width + 1), last: index };
    });
    if (!wanted.size || best.hits < wanted.size / 2) return null;
    const inside = all.slice(best.first, best.last + 1).filter((piece) => wanted.has(word(piece)));
    const first = inside.findIndex((piece, at) => !inside.slice(at + 1).some((later) => word(later) === word(piece)));
    const last = inside[inside.length - 1];
    return [inside[first].index, last.index + last[0].length];
  };
  const markText = (text, cited) => {
    const found = passage(text, cited);
    if (!found) {
      facts.textContent = [SAID.lost, facts.textContent].filter(Boolean).join(" ");
      return;
    }
    const mark = make("mark", {}, text.slice(...found));
    words.replaceChildren(text.slice(0, found[0]), mark, text.slice(found[1]));
    mark.scrollIntoView({ block: "center" });
  };

  // A part of the picture is chosen by drawing a rectangle; a click takes the choice back.
  const choose = (box) => {
    part = box;
    chosen.hidden = !box;
    if (box) put(chosen, box);
    const whole = shown && shown.page ? SAID.askPage : SAID.askPicture;
    ask.textContent = box ? SAID.askPart : whole;
  };
  const thousandths = (event) => {
    const area = picture.getBoundingClientRect();
    const share = (at, from, size) => Math.round(1000 * Math.min(1, Math.max(0, (at - from) / size)));
    return [share(event.clientX, area.left, area.width), share(event.clientY, area.top, area.height)];
  };
  let begun = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    event.preventDefault();
    begun = thousandths(event);
    choose(null);
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!begun) return;
    const [x, y] = thousandths(event);
    const box = [Math.min(x, begun[0]), Math.min(y, begun[1]), Math.max(x, begun[0]), Math.max(y, begun[1])];
    choose(box[2] - box[0] < SMALLEST || box[3] - box[1] < SMALLEST ? null : box);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, () => { begun = null; });
  }

  const askAbout = (box) => {
    const { sha256, page } = shown;
    dialog.close();
    document.dispatchEvent(new CustomEvent("glmdesk:attach", { detail: { sha256, page, box } }));
    const composer = document.querySelector("#composer textarea");
    if (composer) composer.focus();
  };

  const turn = (by) => {
    const page = shown.page + by;
    if (shown.page > 0 && page >= 1 && page <= shown.pages) show({ sha256: shown.sha256, page });
  };
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  larger.addEventListener("click", () => dialog.classList.toggle("larger"));
  close.addEventListener("click", () => dialog.close());
  ask.addEventListener("click", () => askAbout(part || WHOLE));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it: on its backdrop
  });
  dialog.addEventListener("close", () => {
    wishes += 1;
    dialog.classList.remove("larger");
    picture.removeAttribute("src");
  });
  // First of all listeners: elsewhere on the page Escape stops the answer.
  window.addEventListener(
    "keydown",
    (event) => {
      if (!dialog.open) return;
      if (event.key === "Escape") dialog.close();
      else if (event.key === "ArrowLeft") turn(-1);
      else if (event.key === "ArrowRight") turn(1);
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );

  const wished = (text) => {
    const url = new URL(text, location.href);
    const found = /^\/files\/([0-9a-f]{64})(?:\/pages\/(\d+))?$/.exec(url.pathname);
    if (!found || url.origin !== location.origin) return null;
    const more = new URLSearchParams(url.hash.slice(1));
    return { sha256: found[1], page: Number(found[2] || 0), words: more.get("words") || "", as: more.get("as") || "" };
  };
  const plain = (event) =>
    event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  document.addEventListener("click", (event) => {
    const on = event.target.closest && event.target.closest("#transcript a, #transcript img");
    if (!on || !plain(event)) return;
    const link = on.closest("a");
    if (link && !/\/pages\/\d+$/.test(link.pathname)) return;
    const wish = wished(link ? link.href : on.src);
    if (!wish) return;
    event.preventDefault();
    show(wish);
  });
  // Pictures are reached and opened by keys too.
  const PICTURES = '#transcript img[src*="/files/"]:not([tabindex])';
  const reach = () => {
    for (const image of document.querySelectorAll(PICTURES)) {
      image.tabIndex = 0;
      image.setAttribute("role", "button");
    }
  };
  new MutationObserver(reach).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches || !event.target.matches("#transcript img")) return;
    event.preventDefault();
    event.target.click();
  });
  reach();

  window.addEventListener("glmdesk:page", (event) => show(event.detail), true);
}
