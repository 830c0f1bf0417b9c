"""The use-cases: everything the wizard and the command line can do. The only door for both; no Textual here.

All functions are synchronous, may be called from a thread, and import what is heavy when it is needed. They raise
`chatbuilder.errors.ChatbuilderError` and nothing else for what a person can meet. Names are loaded from their modules
when they are first used, so that importing the door costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatbuilder.credentials import TokenInfo
    from chatbuilder.drafts import Draft, DraftInfo
    from chatbuilder.export import ExportReport
    from chatbuilder.library.figures import Figure, Figures, Month
    from chatbuilder.library.imports import StoredProblem
    from chatbuilder.library.listing import ChatInfo, Filters, ProjectInfo, read_date
    from chatbuilder.library.search import Hit
    from chatbuilder.library.systems import Job
    from chatbuilder.pipeline.browsing import (
        ChatList,
        Hits,
        chat,
        chats,
        delete_chats,
        import_problems,
        name_project,
        projects,
        restore_chat,
        search,
        stats,
    )
    from chatbuilder.pipeline.designing import (
        answers_toml,
        build,
        check,
        design_text,
        load_answers,
        preview,
        raw_toml,
        share,
    )
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
    from chatbuilder.pipeline.evolving import Change, Changes, changes
    from chatbuilder.pipeline.exporting import export, package
    from chatbuilder.pipeline.health import Check, doctor, exit_code
    from chatbuilder.pipeline.history import JobReport, Past, audit_entries, is_stopped, job, jobs, log
    from chatbuilder.pipeline.importing import FoundLogs, ImportProgress, ImportReport, discover_logs, import_chats
    from chatbuilder.pipeline.metering import RECENT, PlatformUsage, Usage, usage
    from chatbuilder.pipeline.moving import Move, MoveForecast, MoveReport, forecast_move, move, plan_move
    from chatbuilder.pipeline.provisioning import SystemInfo, TargetReport, apply, inspect_target, systems
    from chatbuilder.pipeline.syncing import SyncProblem, SyncProgress, SyncReport, SyncWaiting, sync
    from chatbuilder.pipeline.tabulating import chats_csv, chats_table
    from chatbuilder.pipeline.targets import default_target, with_target
    from chatbuilder.pipeline.tidying import Leftover, leftovers
    from chatbuilder.pipeline.tokens import token_check, token_file, token_list, token_rm, token_set
    from chatbuilder.pipeline.upkeep import Drift, destroy, repair, verify
    from chatbuilder.provision.base import Account
    from chatbuilder.provision.runner import Event, StepDone, StepFailed, StepStarted, StepWaiting

__all__ = [
    "RECENT", "Account", "Change", "Changes", "ChatInfo", "ChatList", "Check", "Draft", "DraftInfo", "Drift", "Event",
    "ExportReport", "Figure", "Figures", "Filters", "FoundLogs", "Hit", "Hits", "ImportProgress", "ImportReport",
    "Job", "JobReport", "Leftover", "Month", "Move", "MoveForecast", "MoveReport",
    "Past", "PlatformUsage", "ProjectInfo", "StepDone", "StepFailed", "StepStarted", "StepWaiting", "StoredProblem",
    "SyncProblem", "SyncProgress", "SyncReport", "SyncWaiting",
    "SystemInfo", "TargetReport", "TokenInfo", "Usage", "answers_toml", "apply", "audit_entries", "build", "changes",
    "chat", "chats", "chats_csv", "chats_table", "check", "default_target",
    "delete_chats", "delete_draft", "design_text", "destroy", "discover_logs",
    "doctor", "drafts", "exit_code", "export", "forecast_move",
    "has_draft", "import_chats", "import_problems", "inspect_target", "is_stopped",
    "job", "jobs",
    "leftovers", "load_answers", "load_draft", "log", "move",
    "name_project", "new_draft", "package", "peek_draft", "plan_move", "preview",
    "projects", "raw_toml", "read_date", "release_draft", "repair", "restore_chat", "save_draft", "search", "share",
    "stats", "sync",
    "systems", "token_check", "token_file", "token_list", "token_rm", "token_set", "usage", "verify", "with_target",
]  # fmt: skip
_HOMES = {
    "chatbuilder.credentials": "TokenInfo",
    "chatbuilder.drafts": "Draft DraftInfo",
    "chatbuilder.export": "ExportReport",
    "chatbuilder.library.figures": "Figure Figures Month",
    "chatbuilder.library.imports": "StoredProblem",
    "chatbuilder.library.listing": "ChatInfo Filters ProjectInfo read_date",
    "chatbuilder.library.search": "Hit",
    "chatbuilder.library.systems": "Job",
    "chatbuilder.pipeline.browsing": (
        "ChatList Hits chat chats delete_chats import_problems name_project projects restore_chat search stats"
    ),
    "chatbuilder.pipeline.designing": "answers_toml build check design_text load_answers preview raw_toml share",
    "chatbuilder.pipeline.drafting": (
        "delete_draft drafts has_draft load_draft new_draft peek_draft release_draft save_draft"
    ),
    "chatbuilder.pipeline.evolving": "Change Changes changes",
    "chatbuilder.pipeline.exporting": "export package",
    "chatbuilder.pipeline.health": "Check doctor exit_code",
    "chatbuilder.pipeline.history": "JobReport Past audit_entries is_stopped job jobs log",
    "chatbuilder.pipeline.importing": "FoundLogs ImportProgress ImportReport discover_logs import_chats",
    "chatbuilder.pipeline.moving": "Move MoveForecast MoveReport forecast_move move plan_move",
    "chatbuilder.pipeline.provisioning": "SystemInfo TargetReport apply inspect_target systems",
    "chatbuilder.pipeline.syncing": "SyncProblem SyncProgress SyncReport SyncWaiting sync",
    "chatbuilder.pipeline.tabulating": "chats_csv chats_table",
    "chatbuilder.pipeline.targets": "default_target with_target",
    "chatbuilder.pipeline.tidying": "Leftover leftovers",
    "chatbuilder.pipeline.tokens": "token_check token_file token_list token_rm token_set",
    "chatbuilder.pipeline.upkeep": "Drift destroy repair verify",
    "chatbuilder.pipeline.metering": "RECENT PlatformUsage Usage usage",
    "chatbuilder.provision.base": "Account",
    "chatbuilder.provision.runner": "Event StepDone StepFailed StepStarted StepWaiting",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load a name from its module when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
