"""A turn from message to stored answer."""
