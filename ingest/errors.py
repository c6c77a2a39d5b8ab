"""Everything that can go wrong on the way to an answer, each as one line that says what, which value, what to do.

CancerBotError
├── SourceError   a source file, its sidecar or the folder of sources can't be used
├── ModelError    the embedding weights are missing, altered or can't be loaded
└── StoreError    the index can't be read or written
    └── StoreBusyError   another process has been writing it for too long
"""


class CancerBotError(Exception):
    """Base of every error that a person is shown; its message is one line."""


class SourceError(CancerBotError):
    """A source file, its sidecar or the folder of sources can't be used."""


class ModelError(CancerBotError):
    """The embedding weights are missing, altered or can't be loaded."""


class StoreError(CancerBotError):
    """The index can't be read or written."""


class StoreBusyError(StoreError):
    """Another process has been writing the index for longer than we wait."""
