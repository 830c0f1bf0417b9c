"""Speed as ratios: each figure is taken beside its baseline in the same run. Run: python3 dev.py bench."""
