"""Goals go into the sealed text and come back word for word."""

from hypothesis import given
from hypothesis import strategies as st

from leeward.treat.goals import Goal, Progress, from_text, to_text

GOALS = st.builds(Goal, words=st.text(), next_step=st.text(), progress=st.sampled_from(Progress))


@given(st.lists(GOALS, max_size=5))
def test_no_word_is_changed(goals: list[Goal]) -> None:
    assert from_text(to_text(goals)) == tuple(goals)
