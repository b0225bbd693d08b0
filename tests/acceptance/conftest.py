"""Names for generated tests: workers are handed tests by name, and those of one name would be run once."""

from collections import Counter


def pytest_collection_modifyitems(items):
    """Give every operation of the API a test id of its own."""
    seen = Counter()
    for item in items:
        seen[item.nodeid] += 1
        if seen[item.nodeid] > 1:
            item._nodeid = f"{item.nodeid}[{seen[item.nodeid]}]"
