"""An example agent with planted flaws, served by a scripted model on loopback."""

from catalyst_sdk.demo._flaws import FLAWS
from catalyst_sdk.demo._run import DemoResult, run_demo
from catalyst_sdk.demo._scripted import scripted_model
from catalyst_sdk.demo._show import run_and_report

__all__ = ["FLAWS", "DemoResult", "run_and_report", "run_demo", "scripted_model"]
