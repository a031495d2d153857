"""Halo: what goes wrong again and again over many runs, what it costs, and what to change."""

from catalyst_sdk.findings import Fix, Report
from catalyst_sdk.halo._candidate import Candidate, Cite
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._matcher import recount
from catalyst_sdk.halo._run import detect, run
from catalyst_sdk.halo.detectors import Detector, detector, installed, select
from catalyst_sdk.halo.render import render_html, render_markdown, render_terminal

__all__ = [
    "Candidate",
    "Cite",
    "Dataset",
    "Detector",
    "Fix",
    "Report",
    "detect",
    "detector",
    "installed",
    "recount",
    "render_html",
    "render_markdown",
    "render_terminal",
    "run",
    "select",
]
