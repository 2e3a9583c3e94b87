"""`python -m lossmon`."""

from lossmon.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
