"""Drift over every row: which test, its value, its threshold, what chance alone would give, and the verdicts.

Belongs here: statistics and verdicts. Does not: counting rows (`lake_access/drift/`), Evidently's own report
(`monitoring/evidently_report.py`). docs/drift.md says what each number is.
"""
