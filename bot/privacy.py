"""Nothing leaves the machine: what the libraries underneath would send by themselves is switched off."""

import os

import platformdirs

# Each would send something somewhere, or look for something there, if the environment or a default said so.
_SILENCED = {
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "OTEL_SDK_DISABLED": "true",
}


def keep_to_this_machine() -> None:
    """Set the switches, whatever the environment says; before any of those libraries is used."""
    os.environ.update(_SILENCED)
    # An empty folder that torch makes when its exporter is imported: in our own cache, not among the temporary files.
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(platformdirs.user_cache_path("cancer-bot", appauthor=False) / "torch")
