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
TRY_AGAIN = "Try again"
CANCEL = "Cancel"
GIVE_UP = "Remove from the list"
CHAT_WITH = "Chat with it"
VERIFY = "Check files"
REMOVE = "Remove, frees {size}"
DETAILS = "Details"
DETAILS_CLOSE = "Close details"
STATES = {
    "waiting": "Waiting",
    "checking": "Checking what is here",
    "downloading": "Downloading",
    "verifying": "Checking",
    "paused": "Paused",
    "failed": "Stopped",
    "finished": "Complete",
    "elsewhere": "Another glmdesk is downloading it",
    "importing": "Taking in",
}
ADD = "Any repository"
ADD_HINT = "hf:OWNER/REPOSITORY, or with a file's kind: hf:OWNER/REPOSITORY:Q4_K_M"
ADD_BUTTON = "Add"
TOKEN = "Access token of huggingface.co"
TOKEN_HINT = "Only for models whose publisher asks for it. It is kept on this computer."
TOKEN_BUTTON = "Keep"
TOKEN_REMOVE = "Remove the kept token"
TOKEN_KEPT = {
    "keyring": "The token is kept in the system's keyring.",
    "file": "The token is kept in a file that only you can read.",
}
TOKEN_GONE = "The token was removed from this computer."
TOKEN_NONE = "No token is kept on this computer."
TOKEN_SET = "No token is kept on this computer; the one in HF_TOKEN is used as long as that is set."
TOKEN_STAYS = (
    "The system's keyring did not let go of the token. Unlock the keyring and try again, or remove "
    "the entry “glmdesk” there."
)
CONTEXT = "Context in tokens"
VARIANT = "File"
SURE = {
    "remove": "Remove the files of {name} from this computer?",
    "cancel": "Stop the download of {name} and remove what came of it?",
    "forget": "Remove the kept token from this computer? Models that ask for it cannot be downloaded then.",
}
OWNER_ONLY = "Only the owner of this glmdesk can change its models."
UNKNOWN_FIT = "Nothing is known of its size yet."
FIT_LATER = "Whether it runs here is known when its download is complete."
ESTIMATE = "This is an estimate until the file's own header is read."
ALL_FACTS = "Files, sources and known problems"
DOWNLOAD_THIS = "Download this file"
IS_HERE = "is here"
FILE_IS_HERE = "This file is on this computer already."
COMES_FROM = "It comes from {place}."
METER = "{used} of {total} tokens"


ATTACHED_COMING = "On its way …"
ATTACHED_TAKING = "Looking at it …"
ATTACHED_REMOVE = "Remove"
ATTACHED_REMOVE_NAME = "Remove {name}"
NOT_HANDED_OVER = (
    "It did not arrive: the connection to glmdesk broke. Nothing was sent; attach it again."
)
TOO_LARGE_TO_HAND_OVER = (
    "It is larger than {size}, the most that this page takes. Nothing was sent; use a smaller file."
)
NOT_TAKEN = "Something went wrong while it was looked at. Nothing was sent; attach it again."
LOCKED = "It needs its password. That is used once, to open it, and kept nowhere."
PASSWORD = "Password"
PASSWORD_FOR = "Password of {name}"
UNLOCK = "Open"
STILL_COMING = (
    "{name} is still on its way. Nothing was sent; try again in a moment, or remove the file."
)
STILL_LOCKED = "{name} still needs its password. Nothing was sent; type it, or remove the file."
NOT_READABLE = "{name} cannot be sent: {why} Remove it, then send again."
PAGES_WRONG = "{name}: {why} Nothing was sent; correct the pages, then send again."
FILES_FORGOTTEN = (
    "glmdesk was restarted and no longer knows what is attached here. Nothing was sent; attach it "
    "again."
)
LOOK_AT = "Look at {name}"
PAGES_OF = "Pages of {name}"
PAGE_NUMBER = "Page {number}"
PAGES = "Pages"
PAGES_READ = "{read} read"
UP_TO = "up to {tokens}"
ABOUT = "about"
WAY = "Send"
WAYS = {
    "auto": "As it fits",
    "whole": "All of it",
    "pages": "Chosen pages",
    "search": "What suits the question",
}
WAYS_AUTO = "As it fits: {way}"
MODES = {"text": "text", "picture": "picture", "both": "both"}
NOT_SENT = "not sent"
IF_IT_SUITS = "if it suits"
FAULT = "fault"
SWITCH = "Page {page} goes as {now}. Switch to {next}"
ENCODING = "Encoding"
ENCODING_FOUND = "Found: {encoding}"
ENCODING_AUTO = "Find out"
ENCODINGS = (
    ("utf-8", "Unicode (UTF-8)"),
    ("utf-16", "Unicode (UTF-16)"),
    ("cp1252", "Western (Windows-1252)"),
    ("iso8859-15", "Western (ISO 8859-15)"),
    ("mac-roman", "Western (Mac)"),
    ("cp437", "Western (DOS)"),
    ("cp1250", "Central European (Windows-1250)"),
    ("iso8859-2", "Central European (ISO 8859-2)"),
    ("cp1251", "Cyrillic (Windows-1251)"),
    ("koi8-r", "Cyrillic (KOI8-R)"),
    ("cp1253", "Greek (Windows-1253)"),
    ("cp1254", "Turkish (Windows-1254)"),
    ("cp1255", "Hebrew (Windows-1255)"),
    ("cp1256", "Arabic (Windows-1256)"),
    ("gb18030", "Chinese (GB 18030)"),
    ("big5", "Chinese (Big5)"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("euc_jp", "Japanese (EUC-JP)"),
    ("euc_kr", "Korean (EUC-KR)"),
)
DETAIL = "Detail"
DETAIL_HINT = "How closely all pictures of this question are looked at, and their tokens"
DETAILS_OF_PICTURES = (("low", "Low"), ("normal", "Normal"), ("high", "High"))
FILES_TAKE = "Files: {tokens}."
OF_CONTEXT = "This chat: {used}. Room: {total}."
TOO_LONG = (
    "The files alone take {tokens} tokens and the model has room for {total}: sent like this, they "
    "are refused. Choose pages or a search, a lower detail, or remove a file."
)
CHAT_GIVES_WAY = (
    "Together with the chat so far this is more than the model can see: its first messages will no "
    "longer be included."
)
KINDS = {
    "application/pdf": "PDF",
    "application/epub+zip": "EPUB",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/heic": "HEIC",
    "image/avif": "AVIF",
}
PICTURE = "Picture"
DOCUMENT = "Document"

DOCUMENTS = "Documents"
DOCUMENTS_CLOSE = "Close"
DOCUMENTS_NONE = "What you attach to a chat is kept here, to be used again in others."
USE_HERE = "Use in this chat"
USED_HERE = "{name} is attached to the question of this chat."
KEEP_DOCUMENT = "Keep without chats"
KEEP_HINT = "It stays when the last chat that uses it is deleted"
REMOVE_DOCUMENT = "Remove, frees {size}"
SURE_DOCUMENT = "Remove {name} and what was made of it from this computer?"
SURE_USED_DOCUMENT = (
    "Remove {name} and what was made of it from this computer? It is used in {chats}: the "
    "messages keep its name, but its pages are no longer sent, nor can they be looked at."
)
REMOVED_DOCUMENT = "{name} was removed; that freed {size}."
IN_CHATS = "in {chats}"
MADE_OF_IT = "{size} made of it"


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


def tokens(count: int, *, exact: bool) -> str:
    """ "1,008 tokens", or "about 1,008 tokens"."""
    words = "1 token" if count == 1 else f"{count:,} tokens"
    return words if exact else f"{ABOUT} {words}"


def pages_of(count: int) -> str:
    return "1 page" if count == 1 else f"{count:,} pages"


def chats_of(count: int) -> str:
    return "1 chat" if count == 1 else f"{count:,} chats"
