"""A model hub on this machine, with faults that are told to it: see `server`."""
