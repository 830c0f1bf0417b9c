"""The library of chats."""
