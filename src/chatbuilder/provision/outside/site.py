"""Where a provisioner of a vendor's API works, as whom, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatbuilder.provision.outside.desk import Desk
from chatbuilder.secret import Secret


@dataclass(frozen=True, slots=True)
class Site:
    """What `open_remote` and `check_account` of a platform get.

    `secret` is the token, for Google the JSON text of a service account or an authorised user. `target` are the
    answers' keys of the platform (DESIGN section 6). `url` replaces the API's own base URL; "" keeps it.
    """

    secret: Secret
    target: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    desk: Desk = field(default_factory=Desk)
