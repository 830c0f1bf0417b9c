"""What a generator of another package needs: the design, the Solution that it returns, and the parts that all share.

All of it is pure, and so is a generator: no disk, no network, no clock, no chance. docs/plugins.md goes through one.
"""

from __future__ import annotations

from chatbuilder.blueprint import (
    Automation,
    Blueprint,
    Chart,
    Dashboard,
    DaysSince,
    Field,
    Figure,
    Table,
    TagRule,
    Template,
    Test,
    View,
)
from chatbuilder.chats import Message
from chatbuilder.config import Config
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or, Today, alternatives
from chatbuilder.generators.common.data import data_files, dictionary_document, stored_fields
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts, build_guide
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Dialect, Payload, Row, RowMaker, stamp
from chatbuilder.generators.common.text import clean, csv_cell, file_name, md, one_line, slug
from chatbuilder.generators.common.words import filter_text, view_text
from chatbuilder.solution import Delivered, Document, Evolution, ManualStep, OutputFile, Plan, Ref, Solution, Step

__all__ = [
    "TO_LIBRARY", "TRANSCRIPT", "And", "Automation", "Blueprint", "Cell", "Chart", "Cmp", "Config", "Dashboard",
    "DaysSince", "Delivered", "Dialect", "Document", "Evolution", "Field", "Figure", "Filter", "GuideParts",
    "ManualStep", "Me", "Message", "Not", "Or", "OutputFile", "Payload", "Plan", "Ref", "Row", "RowMaker", "Solution",
    "Step", "Table", "TagRule", "Template", "Test", "Today", "View", "alternatives", "build_guide", "clean",
    "csv_cell", "data_files", "dictionary_document", "file_name", "filter_text", "md", "one_line", "slug", "stamp",
    "stored_fields", "view_text",
]  # fmt: skip
