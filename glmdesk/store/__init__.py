"""Conversations and files on disk; the only door to sqlite3."""
