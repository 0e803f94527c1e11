"""Forgetting a person: out of raw, out of every table and every earlier state, for good.

Belongs here: who a person is by all that names them, and the steps that erase it.
Does not: any other removal of raw events, which are immutable.
"""
