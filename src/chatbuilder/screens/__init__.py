"""One module for each step of the wizard, and the dialogs over them. They render, validate and post messages."""
