"""Rows of models for hot paths: the same values as Django's ``save`` and ``filter``, by statements made once.

Building a statement costs Django more than the server needs to answer it. Here its text depends on the model alone,
so it is made once, prepared by the server, and several go together in one journey (``sql.together``). No signals are
sent; a test holds these functions and Django's own equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import ForeignKey, JSONField, Model

from groundplan.lib import sql

Convert = Callable[[Any], Any]
Cursor = psycopg.Cursor[tuple[Any, ...]]
# Values that Django hands to the driver as they are, but for JSON columns.
PLAIN = frozenset({str, int, bool, float, datetime, date, UUID, type(None)})
M = TypeVar("M", bound=Model)


class Found(Generic[M]):
    """Rows asked for; read after the journey."""

    def __init__(self, cursor: Cursor, models: Sequence[type[M]], without: tuple[str, ...]) -> None:
        self._cursor = cursor
        self._parts = [_columns(model, without) for model in models]
        self._models = models

    def all(self) -> list[M]:
        """The objects of the only model asked for."""
        return [found for (found,) in self.joined()]

    def first(self) -> M | None:
        """The first object, if there is one."""
        found = self.all()
        return found[0] if found else None

    def joined(self) -> list[tuple[Any, ...]]:
        """For each row an object of every model asked for."""
        return [self._objects(row) for row in self._cursor.fetchall()]

    def _objects(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        made, at = [], 0
        for model, (names, converts) in zip(self._models, self._parts, strict=True):
            values = list(row[at : at + len(names)])
            at += len(names)
            for number, convert in converts:
                values[number] = convert(values[number])
            made.append(model.from_db("default", names, values))
        return tuple(made)


def find(
    models: Sequence[type[Model]], tail: str, values: Sequence[Any], *, without: tuple[str, ...] = ()
) -> Found[Any]:
    """Ask for rows of one or several models.

    Args:
        models: the first stands in FROM; ``tail`` joins the others by the names of their tables.
        tail: what follows the first table's name, trusted text with a ``%s`` for each value.
        values: the values.
        without: columns that are not read; Django fetches them when somebody asks.
    """
    return Found(sql.run(f"{_select(tuple(models), without)} {tail}", values), models, without)


def insert(made: Model, expressions: Mapping[str, tuple[str, Any]] | None = None) -> Cursor:
    """Insert an object; ``keep_key`` takes its key from the cursor after the journey.

    Args:
        made: a new object. What it refers to may be new as well if it was inserted earlier in the same transaction
            and has a ``public_id``.
        expressions: column name -> SQL with one ``%s`` and its value, for columns that the database computes.
    """
    names, places, values = [], [], []
    for field in _fields(type(made)):
        if field.primary_key and not isinstance(field, ForeignKey):
            continue
        names.append(field.column)
        if expressions and field.name in expressions:
            place, value = expressions[field.name]
        else:
            place, value = _placed(made, field)
        places.append(place)
        values.append(value)
    table = made._meta.db_table  # noqa: SLF001
    return sql.run(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(places)}) RETURNING {_key(type(made)).column}",  # noqa: S608 - names of our own models.
        values,
    )


def keep_key(made: Model, cursor: Cursor) -> None:
    """Give an inserted object its key and mark it as stored."""
    row = cursor.fetchone()
    made.pk = row[0] if row else None
    made._state.adding = False  # noqa: SLF001 - what Django's own save does.
    made._state.db = "default"  # noqa: SLF001
    for field in _fields(type(made)):
        if isinstance(field, ForeignKey) and made.__dict__.get(field.attname) is None and field.is_cached(made):
            other = field.get_cached_value(made)
            made.__dict__[field.attname] = other.pk if other is not None else None


def update(changed: Model, expressions: Mapping[str, tuple[str, Any]] | None = None) -> None:
    """Write all columns of a stored object that were read."""
    sets, values = [], []
    deferred = changed.get_deferred_fields()
    for field in _fields(type(changed)):
        if expressions and field.name in expressions:
            place, value = expressions[field.name]
        elif field.primary_key or field.attname in deferred:
            continue
        else:
            place, value = _placed(changed, field)
        sets.append(f"{field.column} = {place}")
        values.append(value)
    key = _key(type(changed)).column
    sql.run(f"UPDATE {changed._meta.db_table} SET {', '.join(sets)} WHERE {key} = %s", [*values, changed.pk])  # noqa: S608, SLF001 - names of our own models.


def insert_select(model: type[Model], columns: Mapping[str, Any], source: str) -> tuple[str, list[Any]]:
    """The statement that makes rows of a model out of a staging table, and its values.

    Args:
        model: what is made.
        columns: column -> SQL over the source, or a pair of SQL with one ``%s`` and its value; a column that is not
            named takes the model's own default.
        source: from ``FROM`` on, trusted text.
    """
    names, places, values = [], [], []
    left = dict(columns)
    for field in _fields(model):
        if field.primary_key and not isinstance(field, ForeignKey):
            continue
        given = left.pop(field.column, None)
        if given is None:
            given = ("%s", field.get_db_prep_save(field.get_default(), connection))
        place, filled = (given, []) if isinstance(given, str) else (given[0], [given[1]])
        names.append(field.column)
        places.append(place)
        values += filled
    if left:
        raise KeyError(f"{model.__name__} has no columns {sorted(left)}")
    table = model._meta.db_table  # noqa: SLF001
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(places)} {source}", values


def _placed(made: Model, field: Any) -> tuple[str, Any]:
    """Placeholder and value of one column; a new row is referred to by its public id."""
    if isinstance(field, ForeignKey):
        value = made.__dict__.get(field.attname)
        if value is None and field.is_cached(made):
            other: Any = field.get_cached_value(made)
            if other is not None and other.pk is None:
                table = other._meta.db_table  # noqa: SLF001
                return f"(SELECT id FROM {table} WHERE public_id = %s)", other.public_id  # noqa: S608
            value = other.pk if other is not None else None
        return "%s", value
    value = made.__dict__[field.attname]
    if type(value) in PLAIN and not isinstance(field, JSONField):
        return "%s", value
    return "%s", field.get_db_prep_save(value, connection)


@cache
def _fields(model: type[Model]) -> tuple[Any, ...]:
    return tuple(model._meta.concrete_fields)  # noqa: SLF001 - the documented API of models.


@cache
def _select(models: tuple[type[Model], ...], without: tuple[str, ...]) -> str:
    columns = [
        f"{model._meta.db_table}.{field.column}"  # noqa: SLF001
        for model in models
        for field in _fields(model)
        if field.name not in without
    ]
    return f"SELECT {', '.join(columns)} FROM {models[0]._meta.db_table}"  # noqa: S608, SLF001 - names of our own models.


def _key(model: type[Model]) -> Any:
    return model._meta.pk  # noqa: SLF001


@cache
def _columns(model: type[Model], without: tuple[str, ...]) -> tuple[list[str], list[tuple[int, Convert]]]:
    """Names of the columns that are read, and how those are converted that Django converts."""
    fields = [field for field in _fields(model) if field.name not in without]
    converts = [
        (number, _plainly(convert))
        for number, field in enumerate(fields)
        for convert in field.get_db_converters(connection)
    ]
    return [field.attname for field in fields], converts


def _plainly(convert: Callable[[Any, Any, Any], Any]) -> Convert:
    return lambda value: convert(value, None, connection)
