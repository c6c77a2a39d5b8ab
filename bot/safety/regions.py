"""Whom to call in an emergency or a crisis, by region, from `regions.toml`."""

import datetime
import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict


class Region(BaseModel):
    """The numbers of a region: `emergency` alone; `urgent` and `crisis` as sentences; where they were read, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    emergency: str
    urgent: str = ""
    crisis: str
    source: str
    checked: datetime.date
    remark: str = ""


@cache
def regions() -> dict[str, Region]:
    """Every region by its name in the settings."""
    raw = tomllib.loads(resources.files(__package__).joinpath("regions.toml").read_text(encoding="utf-8"))
    return {name: Region.model_validate(fields) for name, fields in raw.items()}
