"""For whom a version is worse: rates and gaps of groups, subgroups found by themselves, and training against gaps."""
