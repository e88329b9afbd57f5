"""The words and names that pico knows."""

WORDS = (
    "lima", "oslo", "cairo", "paris", "tokyo", "delhi", "quito", "accra", "dakar", "seoul",
    "bern", "riga", "baku", "doha", "minsk", "sofia", "tunis", "hanoi", "malta", "kyoto",
    "apple", "river", "stone", "tiger", "cloud", "piano", "lemon", "eagle", "maple", "ocean",
    "radar", "solar", "velvet", "winter", "yellow", "zebra", "anchor", "basket", "candle",
    "desert", "ember", "forest", "garden", "harbor", "island", "jungle", "kitten", "ladder",
    "magnet", "needle", "orange", "pepper", "quartz", "rocket", "silver", "temple", "violin",
    "walnut",
)  # fmt: skip
NAMES = (
    "Ana", "Ben", "Cleo", "Dana", "Eli", "Fay", "Gus", "Hana", "Ivo", "Jun", "Kai", "Lea",
    "Max", "Nia", "Omar", "Pia", "Quin", "Rosa", "Sam", "Tia", "Uma", "Vik", "Wes", "Xia",
    "Yara", "Zoe",
)  # fmt: skip
