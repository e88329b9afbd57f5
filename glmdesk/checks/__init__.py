"""What proves an installation: how fast it is here."""
