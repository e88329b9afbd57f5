"""Every sentence of the page."""

TITLE = "glmdesk"
NEW_CHAT = "New chat"
CHATS = "Chats"
EARLIER = "Show earlier messages"
MODEL = "Model"
THINKING = "Thinking"
THINKING_CHOICES = (("Auto", "auto"), ("On", "on"), ("Off", "off"))
COMPOSER = "Ask anything. Attach, drag or paste a picture or a document."
EMPTY_TITLE = "What can I help with?"
EMPTY_HINTS = (
    "Drop a picture here and ask what is in it.",
    "Attach a PDF and ask about it.",
    "Turn thinking on for harder questions.",
)

THINKS = "Thinking …"
ANSWER_NOW = "Answer now"
STOPPED = "Stopped."
INTERRUPTED = "glmdesk was closed while this answer was being written. What it had said up to a second before is kept."
NO_ANSWER = "The model ended without an answer. Ask again, or turn thinking off."
NOT_SAVED = "The end of this answer could not be saved yet; glmdesk tries again with the next one."

NEXT_IN_LINE = "Waiting for another answer to finish …"
GET_A_MODEL = "Put its .gguf files into {folder} and reload this page."
DAMAGED = "cannot be loaded"
LOADS_LATER = "It is loaded when the answer is finished."
LOADING = "Loading {name} … {percent} %"
STARTING = "Starting …"
METER = "{used} of {total} tokens"


def waiting(position: int) -> str:
    """The place in the queue, in words."""
    return NEXT_IN_LINE if position == 1 else f"Waiting: {position - 1} answers before this one …"


def reading(done: int, total: int) -> str:
    return f"Reading … {done:,} of {total:,} tokens"


def thought_for(seconds: float) -> str:
    if seconds < 0.1:
        return "Thought for less than 0.1 s"
    if seconds < 10:
        return f"Thought for {seconds:.1f} s"
    if seconds < 60:
        return f"Thought for {seconds:.0f} s"
    return f"Thought for {int(seconds // 60)} min {int(seconds % 60)} s"
