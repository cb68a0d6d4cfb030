"""Case codes survive being read aloud and typed."""

from hypothesis import given
from hypothesis import strategies as st

from leeward.people.codes import ALPHABET, LENGTH, new_code, read_code, with_check

bodies = st.text(alphabet=ALPHABET, min_size=LENGTH, max_size=LENGTH)


@given(bodies)
def test_a_code_is_read_back_however_it_is_typed(body: str) -> None:
    code = with_check(body)
    assert read_code(code) == code
    assert read_code(code.lower().replace("-", " ")) == code


@given(bodies, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET[:31]))
def test_one_wrong_character_is_noticed(body: str, place: int, wrong: str) -> None:
    code = with_check(body).replace("-", "")
    if abs(ALPHABET.index(code[place]) - ALPHABET.index(wrong)) % 31 == 0:
        return
    assert read_code(code[:place] + wrong + code[place + 1 :]) is None


def test_codes_have_no_order() -> None:
    codes = [new_code() for _ in range(50)]
    assert len(set(codes)) == 50
    assert codes != sorted(codes)


def test_what_is_no_code_is_none() -> None:
    assert read_code("") is None
    assert read_code("hello") is None
    assert read_code("٣" * 10) is None
