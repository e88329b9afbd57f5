"""Pictures of every format, and TIFFs of several pages."""
