"""The HTTP server: guard, files, and the page mounted in it."""
