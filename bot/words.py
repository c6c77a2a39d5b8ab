"""Words as the lexical search compares them; they live where the index is made."""

from ingest.words import is_function_word, stems, words

__all__ = ["is_function_word", "stems", "words"]
