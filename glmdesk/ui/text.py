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
GET_A_MODEL = "Get one under Models, or put .gguf files into {folder}."
DAMAGED = "cannot be loaded"
LOADS_LATER = "It is loaded when the answer is finished."
LOADING = "Loading {name} … {percent} %"
STARTING = "Starting …"
MODELS = "Models"
MODELS_CLOSE = "Close"
HERE = "On this computer"
OFFERED = "To download"
DOWNLOAD = "Download {size}"
PAUSE = "Pause"
RESUME = "Resume"
CANCEL = "Cancel"
CHAT_WITH = "Chat with it"
VERIFY = "Check files"
REMOVE = "Remove, frees {size}"
DETAILS = "Details"
STATES = {
    "waiting": "Waiting",
    "checking": "Checking what is here",
    "downloading": "Downloading",
    "verifying": "Checking",
    "paused": "Paused",
    "failed": "Stopped",
    "finished": "Complete",
    "elsewhere": "Another glmdesk is downloading it",
}
ADD = "Any repository"
ADD_HINT = "hf:OWNER/REPOSITORY, or with a file's kind: hf:OWNER/REPOSITORY:Q4_K_M"
ADD_BUTTON = "Add"
TOKEN = "Access token of huggingface.co"
TOKEN_HINT = "Only for models whose publisher asks for it. It is kept on this computer."
TOKEN_BUTTON = "Keep"
CONTEXT = "Context in tokens"
VARIANT = "File"
SURE = {
    "remove": "Remove the files of {name} from this computer?",
    "cancel": "Stop the download of {name} and remove what came of it?",
}
OWNER_ONLY = "Only the owner of this glmdesk can change its models."
UNKNOWN_FIT = "Nothing is known of its size yet."
ESTIMATE = "This is an estimate until the file's own header is read."
ALL_FACTS = "Files, sources and known problems"
DOWNLOAD_THIS = "Download this file"
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
