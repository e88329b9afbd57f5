"""A process that fetches one model and may be killed: `python -m tests.library.transfers.fetch_child URL MODELS ID`.

What to fetch is in the ticket of the model's folder. Prints "begun", then how it ended.
"""

import sys
import threading
from dataclasses import replace
from pathlib import Path

from glmdesk.library.hubs.sources import Endpoints, Hub
from glmdesk.library.hubs.tokens import Tokens
from glmdesk.library.transfers import ticket as tickets
from glmdesk.library.transfers.download import Download
from tests.library.transfers.fetching import FAST


def main(url: str, models: Path, id: str) -> None:
    ticket = tickets.read(tickets.folder_of(models / id))
    if ticket is None:
        raise SystemExit("no ticket")
    hub = Hub(Endpoints(hf=url, modelscope=url), Tokens({}, models / "token"))
    download = Download(ticket.item, models, hub, replace(FAST, stall_s=5))
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    finished = download.run(threading.Event(), lambda progress: None)
    sys.stdout.write("finished\n" if finished else "stopped\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
