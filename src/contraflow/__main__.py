"""``python -m contraflow``: the commands, where no script could be installed."""

from contraflow.cli import main

if __name__ == "__main__":
    main()
