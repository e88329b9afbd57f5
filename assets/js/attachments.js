() => {
  // Attached files: handed over as they come, shown as the server says, and what a person wants of them.
  const LONGEST_PASTE = 50000; // characters; a longer text becomes a file
  const CARD = 92; // width of a page's card with its gap, as in attachments.css
  const RESEND = 4000;
  const GROWING = 3000; // milliseconds in which the newest file is kept in view
  const strip = () => document.querySelector("#attachments .strip") || made();
  const chat = () => valueOf("#conversation");
  const valueOf = (place) => {
    const field = document.querySelector(`${place} textarea, ${place} input`);
    return field ? field.value : "";
  };
  const made = () => {
    const place = document.querySelector("#attachments");
    if (!place) return null;
    const inner = document.createElement("section");
    inner.className = "strip";
    inner.setAttribute("aria-label", "Attached files");
    place.append(inner);
    return inner;
  };

  // Wishes go into a hidden field, all that were not heard of yet, until the server names the last one.
  let wishes = [];
  let number = 0;
  let sending = 0;
  const write = (place, value) => {
    const field = document.querySelector(`${place} textarea, ${place} input`);
    if (!field) return;
    const prototype = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const send = () => {
    clearTimeout(sending);
    write("#attachments-action", wishes.length ? JSON.stringify(wishes) : "");
    if (wishes.length) sending = setTimeout(() => { number += 1; wishes.push({ do: "again", number }); send(); }, RESEND);
  };
  const wish = (what, values) => {
    number += 1;
    wishes.push({ chat: chat(), ...values, do: what, number });
    send();
  };
  const heard = (done) => {
    const before = wishes.length;
    wishes = wishes.filter((one) => one.number > done);
    if (before && !wishes.length) send(); // nothing of it stays in the field, a password least of all
  };

  // Handing files over.
  let handed = 0;
  const upload = async (file, key, there) => {
    const body = new FormData();
    body.append("files", file, file.name || "file");
    const found = { key, chat: there };
    try {
      const answer = await fetch(new URL("gradio_api/upload", location.origin + location.pathname), { method: "POST", body });
      if (answer.ok) wish("take", { ...found, path: (await answer.json())[0] });
      else wish("lost", { ...found, why: answer.status === 413 ? "size" : "broken" });
    } catch {
      wish("lost", { ...found, why: "broken" });
    }
  };
  const attach = async (given) => {
    const there = chat();
    const all = [...given].map((file) => ({ file, key: `u${Date.now().toString(36)}${(handed += 1)}` }));
    for (const { file, key } of all) wish("announce", { key, chat: there, name: file.name || "file" });
    for (const { file, key } of all) await upload(file, key, there);
  };
  const inComposer = (target) => target instanceof Element && target.closest("#composer");
  document.addEventListener("change", (event) => {
    const { target } = event;
    if (!inComposer(target) || target.type !== "file" || !target.files.length) return;
    event.stopImmediatePropagation();
    const chosen = [...target.files];
    target.value = "";
    attach(chosen);
  }, true);
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (!data || (event.target instanceof Element && event.target.closest("#attachments"))) return;
    const words = data.getData("text");
    const rich = words && [...data.types].includes("text/html"); // copied from a page: its words are meant
    const found = rich ? [] : [...data.files];
    if (!found.length && inComposer(event.target) && words.length > LONGEST_PASTE) {
      found.push(new File([words], "pasted_text.txt", { type: "text/plain" }));
    }
    if (!found.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    attach(found);
  }, true);
  const carriesFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  let leaving = 0;
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    document.body.classList.add("dropping");
    clearTimeout(leaving);
    leaving = setTimeout(() => document.body.classList.remove("dropping"), 300);
  }, true);
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    document.body.classList.remove("dropping");
    attach(event.dataTransfer.files);
  }, true);

  // What a person does on the strip.
  const keyOf = (element) => element.closest(".file")?.dataset.key;
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const thumb = event.target.closest("#attachments .thumb[data-page], #documents .thumb[data-page]");
    if (thumb) {
      const { sha256 } = thumb.closest("[data-sha256]").dataset;
      document.dispatchEvent(new CustomEvent("glmdesk:page", { detail: { sha256, page: Number(thumb.dataset.page) } }));
    }
    const button = event.target.closest("#attachments button[data-do]");
    if (!button) return;
    const { do: what, page, value } = button.dataset;
    wish(what, { key: keyOf(button), page: Number(page), value });
  });
  document.addEventListener("change", (event) => {
    const field = event.target instanceof Element && event.target.closest("#attachments [data-do]");
    if (field && field.matches("select, input")) wish(field.dataset.do, { key: keyOf(field), value: field.value });
  });
  document.addEventListener("submit", (event) => {
    const form = event.target instanceof Element && event.target.closest("#attachments form");
    if (!form) return;
    event.preventDefault();
    const field = form.querySelector("input");
    wish("unlock", { key: keyOf(form), password: field.value });
    field.value = "";
  });
  let looking = 0;
  document.addEventListener("scroll", (event) => {
    const row = event.target instanceof Element && event.target.closest("#attachments .pages");
    if (!row) return;
    clearTimeout(looking);
    looking = setTimeout(() => look(row), 60);
  }, true);
  const look = (row) => {
    const [first, last, total] = ["first", "last", "total"].map((name) => Number(row.dataset[name]));
    const seen = Math.floor(row.scrollLeft / CARD) + 1;
    const end = Math.min(total, seen + Math.ceil(row.clientWidth / CARD));
    if ((seen < first + 4 && first > 1) || (end > last - 4 && last < total)) {
      wish("see", { key: keyOf(row), page: Math.max(1, seen - 11) });
    }
  };

  // Whoever has a picture for the question says so: a file that is here, or a part of a page.
  document.addEventListener("glmdesk:attach", (event) => {
    const { sha256, page, box } = event.detail || {};
    if (box) wish("crop", { sha256, page, box });
    else if (sha256) wish("attach", { sha256 });
  });

  // The strip is changed in place, so that focus, scrolling and what is being typed stay.
  const keyed = (node) => (node.nodeType === 1 ? node.dataset.key || "" : "");
  const alike = (one, other) => one.nodeName === other.nodeName && keyed(one) === keyed(other);
  const change = (now, next) => {
    if (now.isEqualNode(next)) return;
    if (now.nodeType !== 1) {
      now.nodeValue = next.nodeValue;
      return;
    }
    for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
    for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    changeInside(now, next);
  };
  const changeInside = (now, next) => {
    const wanted = new Set([...next.children].map(keyed));
    for (const child of [...now.children]) if (keyed(child) && !wanted.has(keyed(child))) child.remove();
    let place = now.firstChild;
    for (const child of [...next.childNodes]) {
      const key = keyed(child);
      const found = key ? [...now.children].find((one) => keyed(one) === key) : place;
      if (found && alike(found, child)) {
        if (found !== place) now.insertBefore(found, place);
        change(found, child);
        place = found.nextSibling;
      } else now.insertBefore(child, place);
    }
    while (place) {
      const after = place.nextSibling;
      place.remove();
      place = after;
    }
  };
  const lacking = new Set();
  const mark = (image) => image.classList.toggle("missing", lacking.has(image.src));
  const settle = (inner) => {
    inner.querySelectorAll(".thumb img").forEach(mark);
    const idle = (field) => field !== document.activeElement;
    for (const menu of inner.querySelectorAll("select")) if (idle(menu)) menu.value = menu.dataset.value;
    for (const field of inner.querySelectorAll("input[type=text]")) if (idle(field)) field.value = field.getAttribute("value");
    for (const choice of inner.querySelectorAll("input[type=radio]")) choice.checked = choice.hasAttribute("checked");
  };
  let version = 0;
  let grownAt = 0;
  document.addEventListener("glmdesk:attached", (event) => {
    if (!event.detail) return;
    const state = JSON.parse(event.detail);
    const inner = strip();
    if (!inner || state.version < version) return;
    version = state.version;
    const next = document.createElement("template");
    next.innerHTML = state.html;
    const count = inner.querySelectorAll(".file").length;
    changeInside(inner, next.content);
    settle(inner);
    const files = inner.querySelectorAll(".file");
    if (files.length > count) grownAt = Date.now();
    const seen = Date.now() - grownAt < GROWING && !inner.contains(document.activeElement);
    if (files.length && seen) files[files.length - 1].scrollIntoView({ block: "nearest" });
    heard(state.done);
  });
  // A page that has no picture, a text's say, is shown as lines.
  document.addEventListener("error", (event) => {
    if (!(event.target instanceof Element) || !event.target.matches(".thumb img")) return;
    lacking.add(event.target.src);
    mark(event.target);
  }, true);
}
