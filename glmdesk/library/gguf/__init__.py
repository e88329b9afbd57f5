"""GGUF files: found, read, paired, and what would make llama.cpp stumble over them."""
