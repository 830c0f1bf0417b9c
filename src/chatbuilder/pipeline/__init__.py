"""The use-cases: everything the wizard and the command line can do. The only door for both; no Textual here.

All functions are synchronous, may be called from a thread, and import what is heavy when it is needed. They raise
`chatbuilder.errors.ChatbuilderError` and nothing else for what a person can meet. Names are loaded from their modules
when they are first used, so that importing the door costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatbuilder.answers import check
    from chatbuilder.drafts import Draft, DraftInfo
    from chatbuilder.export import ExportReport
    from chatbuilder.library.systems import Job
    from chatbuilder.pipeline.designing import answers_toml, build, design_text, load_answers, preview, raw_toml, share
    from chatbuilder.pipeline.drafting import (
        delete_draft,
        drafts,
        has_draft,
        load_draft,
        new_draft,
        peek_draft,
        release_draft,
        save_draft,
    )
    from chatbuilder.pipeline.exporting import export, package
    from chatbuilder.pipeline.health import Check, audit_entries, doctor
    from chatbuilder.pipeline.provisioning import (
        SystemInfo,
        TargetReport,
        apply,
        default_target,
        inspect_target,
        jobs,
        systems,
        with_target,
    )
    from chatbuilder.pipeline.upkeep import Drift, destroy, repair, verify
    from chatbuilder.provision.runner import Event, StepDone, StepFailed, StepStarted

__all__ = [
    "Check", "Draft", "DraftInfo", "Drift", "Event", "ExportReport", "Job", "StepDone", "StepFailed",
    "StepStarted", "SystemInfo", "TargetReport", "answers_toml", "apply", "audit_entries", "build", "check",
    "default_target", "delete_draft", "design_text", "destroy", "doctor", "drafts", "export", "has_draft",
    "inspect_target", "jobs", "load_answers", "load_draft", "new_draft", "package", "peek_draft", "preview",
    "raw_toml", "release_draft", "repair", "save_draft", "share", "systems", "verify", "with_target",
]  # fmt: skip
_HOMES = {
    "chatbuilder.answers": "check",
    "chatbuilder.drafts": "Draft DraftInfo",
    "chatbuilder.export": "ExportReport",
    "chatbuilder.library.systems": "Job",
    "chatbuilder.pipeline.designing": "answers_toml build design_text load_answers preview raw_toml share",
    "chatbuilder.pipeline.drafting": (
        "delete_draft drafts has_draft load_draft new_draft peek_draft release_draft save_draft"
    ),
    "chatbuilder.pipeline.exporting": "export package",
    "chatbuilder.pipeline.health": "Check audit_entries doctor",
    "chatbuilder.pipeline.provisioning": (
        "SystemInfo TargetReport apply default_target inspect_target jobs systems with_target"
    ),
    "chatbuilder.pipeline.upkeep": "Drift destroy repair verify",
    "chatbuilder.provision.runner": "Event StepDone StepFailed StepStarted",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load a name from its module when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
