"""chatbuilder: design, build and fill a home for your AI chats."""

__version__ = "0.1.0"
