"""Text in any encoding, and books that consist of words."""
