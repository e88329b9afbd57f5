"""llama.cpp in a worker process."""
