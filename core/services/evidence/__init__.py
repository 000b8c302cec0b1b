"""Evidence and what can be asked of it: methods, baselines, quality, removal, the path. Start at `asking`."""
