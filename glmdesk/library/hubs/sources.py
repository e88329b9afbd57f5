"""Where models come from: a repository of a hub, settled into the files of one model."""

import fnmatch
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, replace

from glmdesk.errors import (
    BusyError,
    DownloadError,
    FileMissing,
    OfflineError,
    PortalError,
    UnreachableError,
    UnsafeName,
)
from glmdesk.library.cards.card import RemoteFile, Variant
from glmdesk.library.hubs import modelscope, names, selection
from glmdesk.library.hubs.kept import NOTHING
from glmdesk.library.hubs.listing import Listing
from glmdesk.library.hubs.network import Place, origin_of
from glmdesk.library.hubs.references import Reference, Source
from glmdesk.library.hubs.selection import Weights
from glmdesk.library.hubs.tokens import Tokens

_AWAY = (UnreachableError, BusyError, PortalError)
"""Errors after which another source is tried."""
_CHANGED = "The publisher has changed this file since the catalogue was made."
_YES = ("1", "on", "yes", "true")
_LOCAL = ("localhost", "127.0.0.1", "::1")
VARIABLES: Mapping[Source, str] = {"hf": "HF_ENDPOINT", "ms": "MODELSCOPE_ENDPOINT"}
MEND = "Correct it, or unset it to use the usual address."
"""What to do about a faulty one."""


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """The addresses of the hubs, without a slash at the end."""

    hf: str = "https://huggingface.co"
    modelscope: str = "https://modelscope.cn"
    offline: bool = False
    """Nobody is asked at all."""
    faulty: tuple[Source, ...] = ()
    """Hubs whose variable holds no address: they are never asked, and what needs no hub works."""

    def of(self, source: Source) -> str:
        return self.hf if source == "hf" else self.modelscope


def read_endpoints(environment: Mapping[str, str]) -> Endpoints:
    """HF_ENDPOINT, MODELSCOPE_ENDPOINT and HF_HUB_OFFLINE, where they are set."""
    usual = Endpoints()
    given = {source: _given(environment, source) for source in VARIABLES}
    faulty = tuple(source for source, value in given.items() if value and not _is_address(value))
    known = {source: value for source, value in given.items() if source not in faulty}
    return Endpoints(
        hf=known.get("hf") or usual.hf,
        modelscope=known.get("ms") or usual.modelscope,
        offline=environment.get("HF_HUB_OFFLINE", "").strip().lower() in _YES,
        faulty=faulty,
    )


def fault(source: Source) -> str:
    """What is wrong with the variable of a faulty hub; its value may hold a password."""
    return (
        f"{VARIABLES[source]} is not the address of a hub: it must begin with https:// or http:// and "
        "hold no password."
    )


def _given(environment: Mapping[str, str], source: Source) -> str:
    return environment.get(VARIABLES[source], "").strip().rstrip("/")


def _is_address(value: str) -> bool:
    scheme, host, _ = origin_of(value)
    return scheme in ("http", "https") and bool(host) and "@" not in value and value.isprintable()


@dataclass(frozen=True, kw_only=True)
class Item:
    """A model as it is downloaded: every file, from one repository at one version.

    Its names are safe: to make one with others raises UnsafeName.
    """

    id: str
    """Its folder's name."""
    name: str
    source: Source
    repository: str
    revision: str = "main"
    commit: str = ""
    """"" where the hub does not tell it."""
    quant: str = ""
    files: tuple[RemoteFile, ...]
    """The model, its shards in order."""
    mmproj: RemoteFile | None = None
    note: str = ""
    """What a person should know of how it was found; mostly ""."""

    def __post_init__(self) -> None:
        if not names.is_safe_id(self.id):
            raise UnsafeName(
                f"“{names.visible(self.id)}” cannot be the name of a model's folder. Nothing was saved. "
                "Choose another name."
            )
        names.distinct(file.path for file in self.all_files)

    @property
    def all_files(self) -> tuple[RemoteFile, ...]:
        return (*self.files, self.mmproj) if self.mmproj else self.files

    @property
    def total(self) -> int:
        """Bytes of all files; those of unknown size count nothing."""
        return sum(file.size for file in self.all_files)

    @property
    def unverified(self) -> bool:
        """Whether the source tells no hash to check some file by."""
        return not all(file.sha256 for file in self.all_files)


class Hub:
    """Both hubs, as one installation sees them. Safe between threads."""

    def __init__(self, endpoints: Endpoints, tokens: Tokens) -> None:
        self.endpoints = endpoints
        self._tokens = tokens

    def list_files(self, reference: Reference) -> Listing:
        """What the repository holds now. Raises DownloadError with a sentence for each cause."""
        self._check(reference.source)
        if reference.source == "ms":
            revision = modelscope.REVISION if reference.revision == "main" else reference.revision
            return modelscope.list_files(self.endpoints.modelscope, reference.repository, revision)
        from glmdesk.library.hubs import huggingface  # slow to import, and seldom needed

        token = self._token_for(self.endpoints.hf)
        return huggingface.list_files(
            self.endpoints.hf, token, reference.repository, reference.revision,
            token_fault=self._tokens.fault(),
        )  # fmt: skip

    def _check(self, source: Source) -> None:
        """Raises DownloadError where this hub cannot be asked at all."""
        if self.endpoints.offline:
            raise OfflineError(
                "HF_HUB_OFFLINE is set, so no hub is asked. Models on this disk work. Unset it, then try "
                "again."
            )
        if source in self.endpoints.faulty:
            raise DownloadError(f"{fault(source)} {NOTHING} {MEND}")

    def resolve(self, target: Reference | Variant, *, id: str = "", name: str = "") -> Item:
        """The files of one model, with the names, sizes and hashes of the hub's own listing.

        `id`, `name`: the card's, for a variant; else they come from the repository's name. A variant that
        Hugging Face cannot give now comes from ModelScope, where it is there too. Raises DownloadError.
        """
        if isinstance(target, Reference):
            return self._settle(target, None, (id, name))
        here = [Reference(source="hf", repository=target.repository, revision=target.revision)]
        if not target.repository:
            here = []
        if target.modelscope:
            here.append(Reference(source="ms", repository=target.modelscope))
        return self._first_of(here, target, (id, name))

    def address(self, item: Item, file: RemoteFile) -> str:
        """Where the file's bytes are, at the commit where there is one."""
        base = f"{self.endpoints.of(item.source)}{'/models' if item.source == 'ms' else ''}"
        revision = urllib.parse.quote(item.commit or item.revision, safe="")
        path = urllib.parse.quote(file.path, safe="/")
        return f"{base}/{item.repository}/resolve/{revision}/{path}"

    def page(self, item: Item) -> str:
        """Where a person can look at the repository."""
        base = self.endpoints.of(item.source)
        return f"{base}/{'models/' if item.source == 'ms' else ''}{item.repository}"

    def place(self, item: Item, file: RemoteFile) -> Place:
        """What the sentences about a file name. Raises DownloadError where its hub cannot be asked."""
        self._check(item.source)
        token = self.headers_for(self.address(item, file))
        return Place(
            page=self.page(item), repository=item.repository, revision=item.commit, file=file.path,
            has_token=bool(token), token_fault=self._tokens.fault(),
        )  # fmt: skip

    def headers_for(self, url: str) -> dict[str, str]:
        """What goes along to this very address: the token to the hub itself, and to nobody else."""
        token = self._token_for(url)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _token_for(self, url: str) -> str:
        scheme, host, _ = origin = origin_of(url)
        if origin != origin_of(self.endpoints.hf):
            return ""
        return self._tokens.read() if scheme == "https" or host in _LOCAL else ""

    def _first_of(self, here: list[Reference], variant: Variant, given: tuple[str, str]) -> Item:
        failure: DownloadError | None = None
        for reference in here:
            try:
                item = self._settle(reference, variant, given)
            except _AWAY as error:
                failure = failure or error
                continue
            except DownloadError as error:
                raise (failure or error) from error
            if failure:
                note = "Hugging Face could not be reached, so this comes from ModelScope."
                return replace(item, note=f"{note} {item.note}".strip())
            return item
        raise failure or FileMissing(
            f"The catalogue names no repository for {variant.id}. {NOTHING} Choose another variant."
        )

    def _settle(
        self, reference: Reference, variant: Variant | None, given: tuple[str, str]
    ) -> Item:
        listing = self.list_files(reference)
        chosen, mmproj = (
            _choose_variant(listing, variant)
            if variant
            else _choose(listing.files, reference.repository, reference.select)
        )
        title = _title(reference.repository)
        quant = f"-{chosen.quant}" if chosen.quant else ""
        return Item(
            id=given[0] or names.folder_id(f"{title}{quant}"),
            name=given[1] or f"{title}{quant.replace('-', ' ', 1)}",
            source=listing.source, repository=listing.repository, revision=listing.revision,
            commit=listing.commit, quant=chosen.quant, files=chosen.files, mmproj=mmproj,
            note=_CHANGED if variant and _is_changed(variant, chosen) else "",
        )  # fmt: skip


def _is_changed(variant: Variant, chosen: Weights) -> bool:
    """Whether a file has another hash than the catalogue knows."""
    known = {file.path: file.sha256 for file in variant.files if file.sha256}
    return any(
        file.sha256 and file.sha256 != known.get(file.path, file.sha256) for file in chosen.files
    )


def _choose(
    files: tuple[RemoteFile, ...], repository: str, select: str
) -> tuple[Weights, RemoteFile | None]:
    chosen = selection.choose(files, repository, select)
    return chosen, selection.projector_for(files, chosen)


def _choose_variant(listing: Listing, variant: Variant) -> tuple[Weights, RemoteFile | None]:
    """The variant's own files where the hub has them; else what fits its pattern or quant."""
    chosen = _confirmed(listing, variant)
    if not chosen:
        chosen = selection.choose(
            listing.files, listing.repository, _pattern(listing, variant) or variant.id
        )
    wanted = variant.mmproj
    mmproj = selection.projector_for(listing.files, chosen, wanted.path if wanted else "")
    if wanted and not mmproj:
        mmproj = selection.projector_for(listing.files, chosen)
    if wanted and not mmproj:
        raise FileMissing(_moved(listing, wanted))
    return chosen, mmproj


def _confirmed(listing: Listing, variant: Variant) -> Weights | None:
    """Raises FileMissing when a name that was sure is gone."""
    if not variant.files:
        return None
    found = [listing.find(file.path) for file in variant.files]
    there = tuple(file for file in found if file)
    if len(there) == len(found):
        return selection.as_weights(there, variant.id)
    gone = next(file for file, seen in zip(variant.files, found, strict=True) if seen is None)
    if variant.confirmed and listing.source == "hf":
        raise FileMissing(_moved(listing, gone))
    return None


def _pattern(listing: Listing, variant: Variant) -> str:
    """The first file that the pattern fits, where it is one with wildcards; else the pattern itself."""
    if not set("*?[") & set(variant.pattern):
        return variant.pattern
    fitting = (
        one.path
        for one in selection.weights_in(listing.files)
        if fnmatch.fnmatch(one.path, variant.pattern)
        or fnmatch.fnmatch(one.files[0].name, variant.pattern)
    )
    return next(fitting, "")


def _moved(listing: Listing, gone: RemoteFile) -> str:
    paths = [file.path for file in listing.files if file.path.lower().endswith(".gguf")]
    close = selection.nearest(gone.path, paths)
    mean = f" Did you mean {names.visible(close, 120)}?" if close else ""
    return (
        f"{listing.repository} has no {names.visible(gone.path, 120)} any more: it was moved or "
        f"renamed.{mean} {NOTHING} Pull it by name: {listing.source}:{listing.repository}:FILE."
    )


def _title(repository: str) -> str:
    """ "ggml-org/GLM-4.6V-Flash-GGUF" is called GLM-4.6V-Flash."""
    name = repository.rpartition("/")[2]
    return name[: -len("-gguf")] if name.lower().endswith("-gguf") else name
