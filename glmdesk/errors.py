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
    │   ├── EngineOutOfMemory    a model or its context did not fit into memory
    │   └── ContextFull          the prompt is longer than the context
    ├── DownloadError            a model could not be fetched
    │   ├── UnreachableError     the source does not answer; trying again helps
    │   │   ├── OfflineError     this computer has no network
    │   │   ├── LookupFailed     the name of the source is not known (DNS)
    │   │   ├── CertificateError the connection cannot be trusted
    │   │   └── ProxyError       the proxy refuses
    │   ├── BusyError            too many requests, or the source has trouble; see `retry_after`
    │   ├── TokenError           the source asks who you are (401)
    │   ├── GatedError           the publisher wants terms accepted (403)
    │   ├── RepositoryMissing
    │   ├── RevisionMissing
    │   ├── FileMissing          no such file, quant or weights in the repository
    │   ├── PortalError          a web page came instead of data
    │   ├── DiskFull             no room for the rest; what came is kept
    │   ├── DiskError            the disk does not take or give bytes
    │   ├── DownloadDamaged      what came is not what the source promised
    │   ├── DownloadElsewhere    another glmdesk fetches the same model
    │   └── UnsafeName           a name that could lead out of its folder
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


class EngineOutOfMemory(EngineError):
    code = "engine_out_of_memory"


class ContextFull(EngineError):
    code = "context_full"


class DownloadError(GlmdeskError):
    """`retry_after`: seconds that the source asks to wait; 0 when it did not say."""

    code = "download"

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnreachableError(DownloadError):
    code = "download_unreachable"


class OfflineError(UnreachableError):
    code = "download_offline"


class LookupFailed(UnreachableError):
    code = "download_lookup"


class CertificateError(UnreachableError):
    code = "download_certificate"


class ProxyError(UnreachableError):
    code = "download_proxy"


class BusyError(DownloadError):
    code = "download_busy"


class TokenError(DownloadError):
    code = "download_token"


class GatedError(DownloadError):
    code = "download_gated"


class RepositoryMissing(DownloadError):
    code = "download_no_repository"


class RevisionMissing(DownloadError):
    code = "download_no_revision"


class FileMissing(DownloadError):
    code = "download_no_file"


class PortalError(DownloadError):
    code = "download_portal"


class DiskFull(DownloadError):
    code = "download_disk_full"


class DiskError(DownloadError):
    code = "download_disk"


class DownloadDamaged(DownloadError):
    code = "download_damaged"


class DownloadElsewhere(DownloadError):
    code = "download_elsewhere"


class UnsafeName(DownloadError):
    code = "download_unsafe_name"


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
