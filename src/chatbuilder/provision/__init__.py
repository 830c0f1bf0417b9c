"""Delivery: one module for each platform, and the runner they share."""
