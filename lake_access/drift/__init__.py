"""Two sides of a comparison, counted in SQL over every row: what statistics of drift are made from.

Belongs here: which rows a side holds, and counting them. Does not: choosing a test or judging it (`monitoring/drift/`).
"""
