"""Is the model still right: drift, calibration, Evidently reports, alerts.

Belongs here: comparing what a model saw, said and got right with an earlier time or another version.
Does not: changing a model (`training/`), reading the lake by itself (`lake_access/`). Evidently is imported in one
module, inside the job that runs it.
"""
