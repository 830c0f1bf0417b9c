"""The door to every chat source: hand in a file or folder, get chats.

Sources are recognised by the shape of what is inside, never by a file's name. Memory does not grow with the number of
chats. A chat that cannot be read becomes a `Problem` and the next one follows.

    with open_source(path) as reading:
        for found in reading:           # ChatSession or Problem, as they are met
            ...
        reading.files                   # a FileReport for each recognised file
"""

from chatbuilder.importers.common.limits import LIMITS, Limits
from chatbuilder.importers.common.outcome import FileReport, Problem
from chatbuilder.importers.discovery import discover
from chatbuilder.importers.door import Reading, open_source

__all__ = ["LIMITS", "FileReport", "Limits", "Problem", "Reading", "discover", "open_source"]
