"""`python -m app.cli` is `leadlake`."""

from app.cli import main

main()
