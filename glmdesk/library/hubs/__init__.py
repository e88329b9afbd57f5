"""The places that models come from: references, listings, hashes, tokens."""
