"""The weekly digest: how leads, conversion, drift, the model and the alerts stand, as a letter with pictures."""
