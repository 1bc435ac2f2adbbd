"""The part `outputs`: what the judged wrote, in every place that shows it, and folders that lead elsewhere."""

from soak.outputs.part import run

__all__ = ["run"]
