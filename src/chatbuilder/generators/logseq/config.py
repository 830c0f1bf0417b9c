"""`logseq/config.edn` for a graph that has none yet."""

from __future__ import annotations

from chatbuilder.blueprint import Blueprint, View
from chatbuilder.generators.logseq import results
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.queries import Clauses, edn_text, of_kind

# Formats that Logseq knows (logseq/og: `frontend/date.cljs`); a slash would make a namespace of each journal day.
_JOURNAL = {"iso": "yyyy-MM-dd", "european": "dd-MM-yyyy", "us": "MMM do, yyyy"}
_FAVOURITES = ("recent", "active", "needs_follow_up", "find")


def config_edn(bp: Blueprint, titles: Titles) -> str:
    """Return the settings, each with its reason; Logseq keeps its own defaults for the rest."""
    views = {view.key: view for view in bp.views}
    favourites = [titles.root, *(titles.view(views[key]) for key in _FAVOURITES if key in views)]
    return "\n".join(
        [
            "{:meta/version 1",
            " :preferred-format :markdown",
            " :preferred-workflow :todo",
            " ;; The names of the files in pages/ follow this.",
            " :file/name-format :triple-lowbar",
            " ;; How days are called in the journal.",
            f" :journal/page-title-format {edn_text(_JOURNAL[bp.date_format])}",
            " ;; Opens first.",
            f" :default-home {{:page {edn_text(titles.root)}}}",
            f" :favorites [{' '.join(edn_text(title) for title in favourites)}]",
            " ;; No page for each property key.",
            " :property-pages/enabled? false",
            " ;; Follow-ups of the next 7 days show in the journal.",
            " :scheduled/future-days 7",
            f" :default-queries {{:journals [{_due(views.get('needs_follow_up'), bp, titles)}]}}}}",
            "",
        ]
    )


def _due(view: View | None, bp: Blueprint, titles: Titles) -> str:
    """Follow-ups that are due, at the foot of today's journal page."""
    if view is None:
        return ""
    clauses = Clauses(bp.sessions, titles)
    text = results.datalog(view.name, [of_kind(bp.sessions, titles), *clauses.of(view.filter)], clauses)
    return text.removeprefix("#+BEGIN_QUERY\n").removesuffix("\n#+END_QUERY")
