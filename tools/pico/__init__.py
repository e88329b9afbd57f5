"""pico, the built-in test model: what it is asked, how it is trained, how it becomes GGUF files."""
