"""Names for generated tests: workers are handed tests by name, and those of one name would be run once."""

from pathlib import Path

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Give every operation of the API a test id of its own; Schemathesis gives them the id of their function."""
    for item in items:
        # The end of the id may be the name of a group, which must stay.
        if item.path.is_relative_to(HERE) and item.name not in item.nodeid:
            item._nodeid = f"{item.nodeid.rpartition('::')[0]}::{item.name}"
    ids = [item.nodeid for item in items]
    assert len(set(ids)) == len(ids), "tests of one id: only one of them would be run"
