"""`python -m bot` is `cancer-bot`."""

from bot.cli import main

if __name__ == "__main__":
    main()
