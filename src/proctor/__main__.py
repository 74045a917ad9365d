"""`python -m proctor` is the command line."""

from proctor.cli import main

if __name__ == "__main__":
    main()
