"""How far one map, and one method on one model, can be trusted: measured with the model that is explained.

Per map: `curves`, `stability`, `agreement`. Per method on many cases: `report.Assessor`. What is removed together is
in `parts`, what takes its place in `imputation`.
"""
