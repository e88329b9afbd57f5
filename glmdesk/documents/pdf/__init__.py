"""PDF and EPUB: pages, their text in reading order, and what else is on them."""
