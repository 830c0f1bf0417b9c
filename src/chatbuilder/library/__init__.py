"""The local SQLite archive: systems that exist, provisioning jobs, and the journal of their steps."""

from chatbuilder.library.database import open_library
from chatbuilder.library.journal import Journal, Record
from chatbuilder.library.systems import Job, Library, System

__all__ = ["Job", "Journal", "Library", "Record", "System", "open_library"]
