"""Files that people hand over, read in a child process with limits."""
