"""The models folder: what is in it, what is brought into it, what goes."""
