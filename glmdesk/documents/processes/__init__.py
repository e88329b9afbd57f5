"""The processes that read files, seen from the app: asked, watched, replaced, their answers kept."""
