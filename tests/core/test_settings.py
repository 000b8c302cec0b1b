"""Settings as they come from the environment."""

import os
from pathlib import Path

import pytest

from core.errors import BadInput
from core.services.container import build_container
from core.settings import child_environment, load_settings


def test_folders_of_models_are_a_path_list_and_reach_child_processes():
    assert load_settings({}).models == ()
    settings = load_settings({"TANDEM_MODELS": f"/models/a{os.pathsep} {os.pathsep}/models/b"})
    assert settings.models == (Path("/models/a"), Path("/models/b"))
    assert load_settings(child_environment(settings)).models == settings.models


def test_a_folder_of_models_that_is_not_there_is_refused_at_start(tmp_path):
    environment = {"TANDEM_HOME": str(tmp_path / "home"), "TANDEM_MODELS": str(tmp_path / "nowhere")}
    with pytest.raises(BadInput, match=r"TANDEM_MODELS names .*nowhere, which is not a folder"):
        build_container(load_settings(environment))
