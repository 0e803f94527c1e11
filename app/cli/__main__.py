"""`python -m app.cli` is `leadlake`."""

from app.cli.main import main

main()
