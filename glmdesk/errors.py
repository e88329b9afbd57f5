"""Every error a person can meet, each with a sentence that says what happened and what to do next.

    GlmdeskError
    ├── UsageError               the command line was not understood              exit 2
    ├── SettingsError            a setting or an environment value is not usable
    ├── StorageError             the data folder or the database cannot be used
    ├── ServerError              the page cannot be served (port in use, ...)
    ├── ModelError
    │   ├── ModelMissing         there is no such model here
    │   ├── ModelDamaged         the file is not a complete GGUF
    │   └── ModelUnsupported     a GGUF that this engine cannot run
    ├── EngineError
    │   ├── EngineDied           the worker process ended by itself
    │   └── ContextFull          the prompt is longer than the context
    └── DocumentError
        ├── DocumentDamaged      the file is broken or empty
        ├── DocumentLocked       the file needs a password
        ├── DocumentUnsupported  this kind of file cannot be read
        └── DocumentTooLarge     over a limit that protects this machine

Errors cross a process border as (code, message): see `rebuild`.
"""


class GlmdeskError(Exception):
    """Base of all: `message` is one or two sentences for a person, `code` a stable name for programs."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(GlmdeskError):
    code = "usage"
    exit_code = 2


class SettingsError(GlmdeskError):
    code = "settings"


class StorageError(GlmdeskError):
    code = "storage"


class ServerError(GlmdeskError):
    code = "server"


class ModelError(GlmdeskError):
    code = "model"


class ModelMissing(ModelError):
    code = "model_missing"


class ModelDamaged(ModelError):
    code = "model_damaged"


class ModelUnsupported(ModelError):
    code = "model_unsupported"


class EngineError(GlmdeskError):
    code = "engine"


class EngineDied(EngineError):
    code = "engine_died"


class ContextFull(EngineError):
    code = "context_full"


class DocumentError(GlmdeskError):
    code = "document"


class DocumentDamaged(DocumentError):
    code = "document_damaged"


class DocumentLocked(DocumentError):
    code = "document_locked"


class DocumentUnsupported(DocumentError):
    code = "document_unsupported"


class DocumentTooLarge(DocumentError):
    code = "document_too_large"


def _family(kind: type[GlmdeskError]) -> list[type[GlmdeskError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in _family(child))]


def rebuild(code: str, message: str) -> GlmdeskError:
    """Make the error again from what crossed a process border; an unknown code gives the base class."""
    kinds = {kind.code: kind for kind in _family(GlmdeskError)}
    return kinds.get(code, GlmdeskError)(message)
