"""Figures: pure functions from values to a Plotly figure, each tested as data.

Belongs here: how a figure looks, with its axes, colours, hints and words.
Does not: where its values come from (the pages' folders), and how numbers are written (app/formatting.py).
"""
