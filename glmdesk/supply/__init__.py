"""Every way in which a model gets here, and whether it runs: catalogue, hubs, downloads and this machine."""

from glmdesk.supply.desk import Supply
from glmdesk.supply.fitting import Fit
from glmdesk.supply.rows import Details, Row

__all__ = ["Details", "Fit", "Row", "Supply"]
