"""Raw model text into thinking, answer and boxes."""
