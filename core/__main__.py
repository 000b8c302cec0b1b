"""`python -m core`: the command line."""

from core.cli import main
from core.settings import share_processors

if __name__ == "__main__":
    share_processors()
    main()
