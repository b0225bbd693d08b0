"""Decision tables without database or network: reading, compiling, checking, explaining."""

from groundplan.kernel.rules.logic.checking import check_table, gaps, overlaps
from groundplan.kernel.rules.logic.compiled import CompiledTable, Evaluation, RowReason, compile_table, interpret
from groundplan.kernel.rules.logic.reading import Problems, parse_table
from groundplan.kernel.rules.logic.table import Row, Table
from groundplan.kernel.rules.logic.unary import Test, compile_test, format_test, parse_test
from groundplan.kernel.rules.logic.values import Choice, Field

__all__ = [
    "Choice",
    "CompiledTable",
    "Evaluation",
    "Field",
    "Problems",
    "Row",
    "RowReason",
    "Table",
    "Test",
    "check_table",
    "compile_table",
    "compile_test",
    "format_test",
    "gaps",
    "interpret",
    "overlaps",
    "parse_table",
    "parse_test",
]
