"""Stage and command `shortlist`: which candidates of a campaign may enter it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
from pydantic import Field

from pages.render import page
from pages.shortlist import shortlist_view
from pipeline import layout
from pipeline.addresses import links
from pipeline.candidate_facts import candidate_facts
from pipeline.candidates import read_candidates, without_repeats
