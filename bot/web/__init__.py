"""The web page: a chat beside the article. A door like the command line: it renders replies and decides nothing."""
