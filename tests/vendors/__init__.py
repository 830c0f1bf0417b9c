"""Strict servers that answer as the vendors do, for the real client libraries over loopback."""
