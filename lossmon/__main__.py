"""`python -m lossmon`."""

from lossmon.cli.main import script

if __name__ == "__main__":
    script()
