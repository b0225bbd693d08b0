import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.lib import identifiers
from groundplan.lib.identifiers import (
    CREDIT_ALPHABET,
    BadIdentifier,
    check_citizen_number,
    check_credit_code,
    check_division_code,
    credit_check_character,
    organisation_check_character,
)

GOOD = ["91330100799655058B", "91350100M000100Y43", "91110000802100433B"]


@st.composite
def credit_codes(draw):
    head = draw(st.sampled_from(["91", "11", "12", "52", "93"]))
    division = draw(st.from_regex(r"[1-6][1-5]\d{4}", fullmatch=True).filter(str.isascii))
    body = draw(st.text(CREDIT_ALPHABET, min_size=8, max_size=8))
    check = organisation_check_character(body)
    first = head + division + body + check
    return first + credit_check_character(first)


def test_the_examples_of_the_standards_hold():
    assert doctest.testmod(identifiers).failed == 0


@given(credit_codes(), st.integers(0, 17), st.sampled_from(CREDIT_ALPHABET))
def test_every_change_of_one_character_of_a_credit_code_is_caught(code, at, other):
    check_credit_code(code)
    changed = code[:at] + other + code[at + 1 :]
    if changed != code:
        with pytest.raises(BadIdentifier):
            check_credit_code(changed)


@given(credit_codes(), st.integers(0, 16))
def test_every_swap_of_neighbours_in_a_credit_code_is_caught(code, at):
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    if swapped != code:
        with pytest.raises(BadIdentifier):
            check_credit_code(swapped)


@pytest.mark.parametrize("good", GOOD)
def test_full_width_and_lower_case_letters_are_read_as_meant(good):
    wide = "".join(chr(ord(c) + 0xFEE0) for c in good.lower())
    assert check_credit_code(wide).text == good


@pytest.mark.parametrize(
    ("code", "position"),
    [("91330100799655058C", 18), ("9133010079965505IB", 17), ("91A30100799655058B", 3), ("91330100799655068B", 17)],
)
def test_the_error_names_the_position_at_fault(code, position):
    with pytest.raises(BadIdentifier) as caught:
        check_credit_code(code)
    assert caught.value.extra["position"] == position


def test_a_citizen_number_is_never_repeated_in_an_error():
    with pytest.raises(BadIdentifier) as caught:
        check_citizen_number("110105194912310021")
    assert "19491231" not in str(caught.value)
    assert caught.value.extra["position"] == 18


def test_a_citizen_number_with_an_impossible_birth_date_is_refused():
    with pytest.raises(BadIdentifier) as caught:
        check_citizen_number("11010519490231002X")
    assert caught.value.extra["position"] == 7


@pytest.mark.parametrize("code", ["99", "3301061", "33010A", ""])
def test_division_codes_of_a_wrong_form_are_refused(code):
    with pytest.raises(BadIdentifier):
        check_division_code(code)
