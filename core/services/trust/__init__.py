"""How far a version and its explanations can be trusted: the trust page, and the job that measures explanations."""
