"""What a provisioner of another package needs: the protocols, the errors, and what delivers into a folder.

`FilesProvisioner` delivers folder, file and merge steps, and `NotesStore` keeps one text file a chat: a platform of
files is made by deriving from the two. One with an API writes its own, with a `Policy` around every call.
docs/plugins.md goes through one.
"""

from __future__ import annotations

from chatbuilder.errors import CredentialsError, InputError, RefusedError, UnavailableError
from chatbuilder.provision import disk
from chatbuilder.provision.base import Account, Links, Preflight, Provisioner, Removal, Result, Skipped, State
from chatbuilder.provision.files import FilesProvisioner
from chatbuilder.provision.notes import NotesStore
from chatbuilder.provision.outside.calls import Call, NoAnswer, NotSent, Transport
from chatbuilder.provision.outside.desk import Cancelled, Desk
from chatbuilder.provision.outside.limits import Limit, shared_pacer
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.rows import Delivery, Forecast, Found, Outlook, Related, RowStore, Wanted, Written
from chatbuilder.solution import Plan, Step

__all__ = [
    "Account", "Call", "Cancelled", "CredentialsError", "Delivery", "Desk", "FilesProvisioner", "Forecast", "Found",
    "InputError", "Limit", "Links", "NoAnswer", "NotSent", "NotesStore", "Outlook", "Plan", "Policy", "Preflight",
    "Provisioner", "RefusedError", "Related", "Removal", "Result", "RowStore", "Site", "Skipped", "State", "Step",
    "Transport", "UnavailableError", "Wanted", "Written", "disk", "shared_pacer",
]  # fmt: skip
