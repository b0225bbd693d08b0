"""Pure parts of cases: the form of a flow, its checks, guards and clocks."""
