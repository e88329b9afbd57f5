"""What makes the things the repository ships; nothing here is part of the app."""
