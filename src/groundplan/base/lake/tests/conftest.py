import pytest


@pytest.fixture(autouse=True)
def own_lake(tmp_path_factory, monkeypatch):
    """Each test has a lake of its own."""
    folder = tmp_path_factory.mktemp("lake")
    monkeypatch.setenv("GROUNDPLAN_LAKE", str(folder))
    return folder
