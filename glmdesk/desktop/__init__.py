"""What makes glmdesk a desktop program: one running instance, opened when asked for."""
