"""The child's side: what a file is, who reads it, and the answers."""
