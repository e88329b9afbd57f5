"""What answers: a model in a worker process, a script, or (later) a remote endpoint."""
