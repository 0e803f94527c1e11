"""Background work: the queue, its tasks, their progress, schedules.

Belongs here: when a piece of work runs, who asked for it, how far it is, and what became of it.
Does not: the work itself, which a task calls in `monitoring/`, `training/` or `lake_access/`; anything of Streamlit.
"""
