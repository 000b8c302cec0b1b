"""For whom a version is worse: subgroups found by themselves, and a tree of questions that tell wrong answers apart."""
