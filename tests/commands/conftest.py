"""A place without anybody's settings."""

import os
from pathlib import Path

import pytest

from bot import config
from tests.commands.shop import ROOT


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, a data folder in it, the real catalogue and no other setting; returns the folder."""
    for name in list(os.environ):
        if name.upper().startswith(config.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "run"
    data.mkdir()
    monkeypatch.setenv("EASEL_DATA_DIR", str(data))
    monkeypatch.setenv("EASEL_CATALOGUE", str(ROOT / "data" / "catalogue.toml"))
    return data
