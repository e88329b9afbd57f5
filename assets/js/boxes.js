// Boxes of an answer, drawn on their picture: pointing at one or stepping to it shows what it is, and offers
// to ask about that part. The picture's address holds them after "#boxes=", as a list of
// [left, top, right, bottom, label] in thousandths of its width and height.
() => {
  const ASK = "Ask about this part";
  const UNDRAWN = '#transcript img[src*="#boxes="]:not(.boxes > img)';

  const listed = (hash) => {
    try {
      const all = JSON.parse(new URLSearchParams(hash.slice(1)).get("boxes"));
      return all.filter((box) => box.slice(0, 4).every((number) => number >= 0 && number <= 1000));
    } catch {
      return [];
    }
  };
  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

  const marked = ([left, top, right, bottom, label], number, file) => {
    const mark = document.createElement("span");
    const tip = document.createElement("span");
    const name = document.createElement("span");
    const ask = document.createElement("button");
    mark.className = "box";
    mark.tabIndex = 0;
    mark.setAttribute("role", "group");
    mark.setAttribute("aria-label", label || String(number));
    mark.style.left = `${left / 10}%`;
    mark.style.top = `${top / 10}%`;
    mark.style.width = `${(right - left) / 10}%`;
    mark.style.height = `${(bottom - top) / 10}%`;
    mark.style.setProperty("--hue", String((number * 137 + 200) % 360));
    tip.className = ["tip", top < 200 ? "under" : "", left + right > 1000 ? "leftward" : ""].join(" ");
    name.textContent = label || String(number);
    ask.type = "button";
    ask.textContent = ASK;
    ask.addEventListener("click", () => {
      const detail = { ...file, box: [left, top, right, bottom] };
      const composer = document.querySelector("#composer textarea");
      if (composer) composer.focus();
      document.dispatchEvent(new CustomEvent("glmdesk:attach", { detail }));
    });
    tip.append(name, ask);
    mark.append(tip);
    return mark;
  };

  const draw = (image) => {
    const address = new URL(image.src);
    const found = /^\/files\/([0-9a-f]{64})\/pages\/(\d+)$/.exec(address.pathname);
    const frame = document.createElement("span");
    frame.className = "boxes";
    image.replaceWith(frame);
    frame.append(image);
    if (!found || address.origin !== location.origin) return;
    const file = { sha256: found[1], page: Number(found[2]) };
    const marks = listed(address.hash).map((box, index) => [area(box), marked(box, index + 1, file)]);
    marks.sort((one, other) => other[0] - one[0]); // the smaller lies above the larger
    frame.append(...marks.map(([, mark]) => mark));
  };

  const look = () => document.querySelectorAll(UNDRAWN).forEach(draw);
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}
