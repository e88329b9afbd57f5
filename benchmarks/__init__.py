"""What glmdesk is right about and how fast it is, beside its peers: one file a figure."""
