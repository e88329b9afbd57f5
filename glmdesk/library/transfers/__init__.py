"""Downloads that never start over: queue, connections, journal, hashes, repair."""
