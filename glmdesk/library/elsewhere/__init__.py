"""Models that other programs keep on this disk."""
