"""The picture of a protocol: everything in its place, nothing over anything else, and the same in two languages."""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from leeward import definitions
from leeward.rules.picture import (
    Area,
    Arrow,
    Box,
    ByEvent,
    ByStep,
    Note,
    Picture,
    Tone,
    file_svg,
    lay_out,
    openings,
    page_svg,
)
from leeward.rules.picture.svg import DARK, LIGHT, PAINTS
from leeward.rules.picture.words import EVENTS, ROLES, clock, length
from leeward.rules.protocol import KINDS, Part, Protocol, parse
from leeward.rules.protocol import ROLES as ALL_ROLES
from tests.web.test_contrast import contrast, tokens

from .written import CLOCK, protocol, shipped

PROTOCOL = shipped()
SVG = "{http://www.w3.org/2000/svg}"
OFFICE = {"zone": "America/Chicago", "days": ["mon", "tue"], "hours": ["09:00-17:00"]}


def picture(of: Protocol = PROTOCOL, language: str = "en", **rest: object) -> Picture:
    return lay_out(of, language=language, **rest)  # type: ignore[arg-type]


def box(of: Picture, step: str) -> Box:
    (found,) = (box for box in of.boxes if box.step == step)
    return found


def arrows(of: Picture) -> set[tuple[str, str, Part]]:
    return {(arrow.opener, arrow.opened, arrow.part) for arrow in of.arrows}


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314


def texts(of: Box) -> str:
    return " ".join(words.text for words in of.words)


EVERY = pytest.mark.parametrize(
    "drawn",
    [
        picture(),
        picture(language="es"),
        picture(columns=1, is_titled=True),
        picture(columns=99, language="es"),
        picture(notes={step.id: Note(Tone.LATE, ("Late, and late again", "42 times")) for step in PROTOCOL.steps}),
    ],
    ids=["en", "es", "one-column", "one-band", "notes"],
)


@EVERY
def test_every_step_is_there_once_in_its_roles_lane_and_its_stages_column(drawn: Picture) -> None:
    assert sorted(box.step for box in drawn.boxes) == sorted(step.id for step in PROTOCOL.steps)
    for band in drawn.bands:
        lanes = {lane.role: lane.area for lane in band.lanes}
        columns = {column.stage: column.area for column in band.columns}
        for one in band.boxes:
            step = PROTOCOL.step(one.step)
            assert lanes[step.role].holds(one.area)
            assert columns[step.stage].holds(one.area)


@EVERY
def test_nothing_lies_over_anything_else_and_nothing_leaves_the_picture(drawn: Picture) -> None:
    for one, other in combinations([box.area for box in drawn.boxes], 2):
        assert not one.overlaps(other)
    for one_band, other_band in combinations(drawn.bands, 2):
        assert not one_band.area.overlaps(other_band.area)
    for band in drawn.bands:
        assert drawn.area.holds(band.area)
        for one_lane, other_lane in combinations(band.lanes, 2):
            assert not one_lane.area.overlaps(other_lane.area)


@EVERY
def test_no_word_leaves_its_box(drawn: Picture) -> None:
    """Neither as reckoned letter by letter nor as printers reckon running text; a journey measures it in a browser."""
    for one in drawn.boxes:
        for words in one.words:
            reckoned = max(words.width, len(words.text) * words.size / 2)
            assert one.area.x < words.x
            assert words.x + reckoned <= one.area.right - 4, words.text
            assert one.area.y + words.size <= words.y <= one.area.bottom
        for upper, lower in pairwise(one.words):
            assert upper.y == lower.y or abs(upper.y - lower.y) >= upper.size


@EVERY
def test_no_arrow_crosses_a_box(drawn: Picture) -> None:
    for band in drawn.bands:
        for arrow in band.arrows:
            for one in band.boxes:
                assert not any(one.area.overlaps(part) for part in lines(arrow)), (arrow.opener, arrow.opened, one.step)


def lines(arrow: Arrow) -> list[Area]:
    found = []
    for (x1, y1), (x2, y2) in pairwise(arrow.corners):
        assert x1 == x2 or y1 == y2, "arrows run along the gutters"
        found.append(Area(min(x1, x2), min(y1, y2), abs(x1 - x2), abs(y1 - y2)))
    return found


def test_an_arrow_leaves_the_one_box_and_reaches_the_other() -> None:
    drawn = picture()
    for arrow in drawn.arrows:
        opener, opened = box(drawn, arrow.opener).area, box(drawn, arrow.opened).area
        (x, y), (end_x, end_y) = arrow.corners[0], arrow.corners[-1]
        assert x in (opener.right, x) and opener.y <= y <= opener.bottom  # noqa: PT018
        assert opened.x - 6 <= end_x <= opened.right
        assert opened.y <= end_y <= opened.bottom


def test_arrows_and_numbers_say_what_opens_what() -> None:
    drawn = picture()
    assert ("talk-alone", "explain-privacy", Part.DONE) in arrows(drawn)
    assert ("suicide-risk", "crisis-plan", Part.DONE) in arrows(drawn)
    assert ("urgent-needs", "full-needs", Part.DONE) in arrows(drawn)
    assert ("full-needs", "urgent-needs", Part.DONE) not in arrows(drawn)
    screening = box(drawn, "screening").number
    assert f"After {screening}" in texts(box(drawn, "police-choice"))
    assert "After signs noticed" in texts(box(drawn, "talk-alone"))


def test_every_arrow_is_also_a_number_in_the_box_that_it_reaches() -> None:
    drawn = picture()
    for arrow in drawn.arrows:
        said = re.search(r"After ([^◇]*)", texts(box(drawn, arrow.opened)))
        assert said
        assert str(box(drawn, arrow.opener).number) in re.findall(r"\d+", said[1])


def step(name: str, **rest: object) -> dict[str, object]:
    return {"id": name, **CLOCK, **rest}


def test_a_condition_on_the_event_decides_who_can_open_it() -> None:
    first = step(
        "first", done={"kind": "measure.completed", "where": "instrument = 'pcl-5'"}, declined="measure.declined"
    )
    second = step("second", after={"kind": "measure.completed", "where": "instrument = 'phq-9'"})
    third = step("third", after={"kind": "measure.completed", "where": "alert"})
    fourth = step("fourth", after="measure.declined")
    found = openings(protocol(steps=[first, second, third, fourth]))
    assert found["second"].groups == ((ByEvent("measure.completed"),),)
    assert found["third"].groups == ((ByStep("first", Part.DONE),),)
    assert found["fourth"].groups == ((ByStep("first", Part.DECLINED),),)


def test_an_event_that_only_later_steps_bring_about_is_named_too() -> None:
    found = openings(PROTOCOL)["referral-reply"]
    assert found.groups == ((ByStep("referral-next", Part.DONE), ByEvent("referral.sent")),)


def test_a_step_that_opens_itself_comes_again() -> None:
    found = openings(PROTOCOL)
    assert {name for name, opening in found.items() if opening.comes_again} >= {"screening", "plan-review"}
    assert "Again after 90 days" in texts(box(picture(), "screening"))
    assert "Again each time" in texts(box(picture(), "plan-review"))


def test_what_needs_all_of_several_has_a_bar() -> None:
    joint = step(
        "joint", after={"all_of": [{"any_of": [{"step": "a"}, "case.reopened"]}, {"step": "b", "is": "declined"}]}
    )
    drawn = picture(protocol(steps=[step("a"), step("b", declined="needs.declined"), joint]))
    assert box(drawn, "joint").is_joint
    assert not box(drawn, "a").is_joint
    assert "After (1 or the case opened again) and a no to 2" in texts(box(drawn, "joint")).replace("\u00a0", " ")
    assert 'd="M10 0h3.5v14h-3.5z"' in page_svg(drawn)


def test_signs_tell_choice_law_ladder_and_what_is_started() -> None:
    risk = {"id": "risk", "title": {"en": "Risk & care", "es": "Riesgo"}}
    of = protocol(
        steps=[
            step("plain"),
            step(
                "rich",
                done="suicide_risk.assessed",
                declined="needs.declined",
                basis={"law": "28 CFR 94.115", "checked": "2026-01-01"},
                escalate=[{"after": "P1D", "to": "program_director"}, {"after": "P2D", "to": "privacy_officer"}],
                starts=["risk"],
            ),
        ],
        subprotocols=[risk | {"steps": [step("inner", after="start") | ORDINARY]}],
    )
    drawn = picture(of)
    assert {str(mark.sign) for mark in box(drawn, "plain").marks} == {"clock"}
    assert {str(mark.sign) for mark in box(drawn, "rich").marks} == {"clock", "choice", "law", "ladder", "starts"}
    assert "If late: Program director after 1 day, Privacy officer after 2 days" in box(drawn, "rich").in_full
    main, framed = drawn.bands
    assert (main.part_of, framed.part_of) == (None, "risk")
    assert [one.step for one in framed.boxes] == ["inner"]
    assert [words.text for words in framed.words] == ["Risk & care: a protocol of its own"]
    assert all(framed.area.holds(one.area) for one in framed.boxes)
    assert "After 2" in texts(box(drawn, "inner"))


ORDINARY = {
    "stage": "s",
    "title": {"en": "x", "es": "x"},
    "role": "clinician",
    "basis": {"default": "x"},
    "choice": {"en": "x", "es": "x"},
}


@pytest.mark.parametrize(
    ("line", "english", "spanish"),
    [
        ({"within": "PT0S"}, "at once", "enseguida"),
        ({"within": "PT72H"}, "within 3 days", "plazo: 3 días"),
        ({"within": "PT1H"}, "within 1 hour", "plazo: 1 hora"),
        ({"within": "P1DT12H"}, "within 1 day, 12 hours", "plazo: 1 día, 12 horas"),
        ({"within": "P2D", "clock": "office_days"}, "within 2 office days", "plazo: 2 días hábiles"),
        ({"within": "PT8H", "clock": "office_hours"}, "within 8 hours of office time", "plazo: 8 horas de oficina"),
    ],
)
def test_clocks_are_said_in_plain_words(line: dict[str, str], english: str, spanish: str) -> None:
    of = protocol(steps=[step("a") | line], office=OFFICE).step("a")
    assert (clock(of, "en"), clock(of, "es")) == (english, spanish)
    assert length(of.within, "en") in english or of.clock != "always"


def test_every_role_and_kind_of_event_has_words() -> None:
    assert set(ROLES) == set(ALL_ROLES)
    assert set(EVENTS) == set(KINDS)


def test_the_picture_is_in_the_language_asked_for() -> None:
    english, spanish = file_svg(picture()), file_svg(picture(language="es"))
    assert "Talk alone" in english
    assert "Hablar a solas" in spanish
    assert 'lang="es"' in spanish
    for words in ("After", "Within", "They can", "Clinician", "Stage"):
        assert words in english
        assert words not in spanish


def test_equal_protocols_give_equal_pictures() -> None:
    assert picture() == picture(shipped())
    assert file_svg(picture()) == file_svg(picture(shipped()))


def test_titles_can_hold_any_letters() -> None:
    title = {"en": "<b>\"Tom\" & 'Ann'</b> ]]> 電話 " + "w" * 300, "es": "x"}
    drawn = picture(protocol(steps=[step("a", title=title)]))
    for svg in (file_svg(drawn), page_svg(drawn)):
        root = parsed(svg.split("?>\n")[-1])
        assert "<b>\"Tom\" & 'Ann'</b>" in "".join(root.itertext())
        assert not root.findall(".//b")
    for words in box(drawn, "a").words:
        assert words.x + words.width <= box(drawn, "a").area.right


def test_the_picture_has_a_name_and_each_box_its_whole_text() -> None:
    root = parsed(page_svg(picture(), name="p"))
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root if element.get("id")}
    assert set(str(root.get("aria-labelledby")).split()) == set(named)
    assert all(named.values())
    groups = [group for group in root.iter(f"{SVG}g") if group.get("data-step")]
    assert len(groups) == len(PROTOCOL.steps)
    for group in groups:
        of = PROTOCOL.step(str(group.get("data-step")))
        assert of.title.en in str(group[0].text)
        assert of.choice is None or of.choice.en.rstrip(".") in str(group[0].text)


def test_a_page_that_forbids_styles_of_its_own_shows_it() -> None:
    svg = page_svg(picture(notes={"screening": Note(Tone.LATE, ("Late",))}))
    assert "style" not in re.sub(r">[^<]*<", "><", svg)
    assert "<script" not in svg
    assert set(re.findall(r"var\(--([a-z-]+)\)", svg)) <= set(tokens("light"))


def test_a_state_is_told_by_words_and_shape_and_not_by_colour_alone() -> None:
    notes = {of.id: Note(tone, (f"So: {tone}",)) for of, tone in zip(PROTOCOL.steps, Tone, strict=False)}
    drawn = picture(notes=notes)
    marks = {str(mark.sign) for one in drawn.boxes for mark in one.marks if mark.sign.startswith("state_")}
    assert marks == {f"state_{tone}" for tone in Tone if tone is not Tone.PLAIN}
    outlines = {(PAINTS[f"box-{tone}"].wide, PAINTS[f"box-{tone}"].dashes) for tone in Tone}
    assert len(outlines) == len(Tone)
    assert all(f"So: {note.tone}" in texts(box(drawn, name)) for name, note in notes.items())


def test_its_colours_are_those_of_the_pages_and_its_words_keep_their_contrast() -> None:
    for theme, colours in (("light", LIGHT), ("dark", DARK)):
        assert colours.items() <= tokens(theme).items()
        grounds = [paint.fill for name, paint in PAINTS.items() if re.match(r"(box|note|lane|ground|frame)", name)]
        for ground in set(grounds):
            assert contrast(colours["ink"], colours[ground]) >= 4.5
        for ground in ("surface", "paper", "sunken"):
            assert contrast(colours["muted"], colours[ground]) >= 4.5
        assert contrast(colours["accent-ink"], colours["accent"]) >= 4.5


def test_an_empty_protocol_is_an_empty_picture() -> None:
    of = parse(
        definitions.read("protocol", "human-trafficking-response"),
        name="x.yaml",
        schema=definitions.schema("protocol"),
    )
    drawn = picture(Protocol(name="x", version="1", title=of.title, stages=(), facts=(), steps=(), gates=()))
    assert not list(drawn.boxes)
    assert parsed(page_svg(drawn)).get("role") == "img"


def test_the_picture_in_the_manual_is_of_the_shipped_protocol() -> None:
    """If it is not: leeward protocol show FILE --svg docs/images/protocol.svg."""
    file = definitions.path("protocol", PROTOCOL.name).parents[2] / "docs" / "images" / "protocol.svg"
    kept = parsed(file.read_text("utf-8").split("?>\n")[-1])
    titles = {str(group[0].text).split(". ")[1] for group in kept.iter(f"{SVG}g") if group.get("data-step")}
    assert titles == {one.title.en for one in PROTOCOL.steps}
    assert file.stat().st_size < 200_000
