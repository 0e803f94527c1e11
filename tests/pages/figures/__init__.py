"""Every figure of the pages of leads, held against pandas, statsmodels, scikit-learn and SciPy."""
