"""Gemini in Google Takeout: My Activity, as JSON or HTML."""

from chatbuilder.importers.common.shape import html, items
from chatbuilder.importers.gemini import activity, page

SHAPES = (items(activity.SOURCE, activity.matches, activity.read), html(activity.SOURCE, page.matches, page.read))
