"""From source files to a searchable index: read, cut, embed, store."""
