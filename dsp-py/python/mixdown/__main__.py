"""``python -m mixdown`` is the command line."""

from mixdown.cli import main

if __name__ == "__main__":
    main()
