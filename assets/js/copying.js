// What is copied, and what is read out, reads as it is shown: citations without the addresses behind them.
() => {
  const LINK = /\[(\[?[^[\]]*\]?)\]\(\/files\/[0-9a-f]{64}\/pages\/\d+#words=[^)]*\)/g;
  const FIGURE = /\n*!\[[^\]]*\]\(\/files\/[0-9a-f]{64}\/pages\/\d+\?side=\d+#boxes=[^)]*\)/g;
  const BRACKETS = /&#91;([^\n&]*)&#93;/g;
  const shown = (words) => words.replace(FIGURE, "").replace(LINK, "$1").replace(BRACKETS, "[$1]");

  if (navigator.clipboard) {
    const write = navigator.clipboard.writeText.bind(navigator.clipboard);
    navigator.clipboard.writeText = (words) => write(shown(String(words)));
  }
  const name = () => {
    for (const message of document.querySelectorAll('#transcript [aria-label*="](/files/"]')) {
      message.setAttribute("aria-label", shown(message.getAttribute("aria-label")));
    }
  };
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  name();
}
