"""Reusable pieces of the interface: they show what they are given and post messages, nothing else."""
