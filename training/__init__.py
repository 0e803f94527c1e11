"""How a model is made and goes live: dataset, fit, evaluate, registry, gates, approvals, ledger.

Belongs here: everything between features in the lake and the version that scoring is told to use, roles checked.
Does not: making the features (`lake_access/`), watching a live model (`monitoring/`). Nothing here is ever unpickled.
"""
