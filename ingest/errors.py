"""Everything that can go wrong on the way to an answer, each as one line that says what, which value, what to do.

CancerBotError
├── SourceError   a source file, its sidecar or the folder of sources can't be used
├── ModelError    weights, or what was fitted, are missing, altered or can't be loaded
└── StoreError    the index can't be read or written
    ├── StoreBusyError      another process has been writing it for too long
    ├── DamagedStoreError   its files are not those that were written (`snapshot.py`)
    └── ServerError         the Chroma server is not there, or is none (`server.py`)

The rooms of `bot` add their own below `CancerBotError`: settings, language model, evaluation, page.
"""


class CancerBotError(Exception):
    """Base of every error that a person is shown; its message is one line."""


class SourceError(CancerBotError):
    """A source file, its sidecar or the folder of sources can't be used."""


class ModelError(CancerBotError):
    """Weights, or what was fitted, are missing, altered or can't be loaded."""


class StoreError(CancerBotError):
    """The index can't be read or written."""


class StoreBusyError(StoreError):
    """Another process has been writing the index for longer than we wait."""
