"""The SVG writer: well formed whatever the text, short numbers, lines that break where they may."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from dashboards.office import svg


def _parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 - our own output


def test_text_is_escaped_and_what_xml_cannot_hold_is_left_out() -> None:
    hostile = "</text><script>alert(1)</script>&\x00\x0b\ufffe"
    parsed = _parsed(svg.text(1, 2, hostile))
    assert parsed.text == "</text><script>alert(1)</script>&"
    assert list(parsed) == []


def test_an_attribute_cannot_end_its_quotes() -> None:
    parsed = _parsed(svg.element("rect", id="\" onload='x'"))
    assert parsed.attrib == {"id": "\" onload='x'"}


def test_numbers_have_one_digit_at_most() -> None:
    assert [svg.number(value) for value in (12, 12.04, 12.06, -0.01, 0.5)] == [
        "12",
        "12",
        "12.1",
        "0",
        "0.5",
    ]


def test_names_of_attributes_are_written_as_svg_has_them() -> None:
    attributes = _parsed(svg.element("g", font_size=12, viewBox="0 0 1 1", class_="wide")).attrib
    assert attributes == {"font-size": "12", "viewBox": "0 0 1 1", "class": "wide"}


def test_an_attribute_without_a_value_is_left_out() -> None:
    assert svg.element("g", fill=None) == "<g/>"


def test_ideographs_are_as_wide_as_the_font_and_latin_letters_about_half() -> None:
    assert svg.text_width("响应", 10) == 20
    assert 5 <= svg.text_width("a", 10) <= 6.5


def test_lines_break_at_spaces_and_between_ideographs() -> None:
    assert svg.wrapped("aaa bbb ccc", 10, 45) == ["aaa bbb", "ccc"]
    assert svg.wrapped("响应有多快", 10, 30) == ["响应有", "多快"]


def test_a_closing_mark_never_begins_a_line() -> None:
    assert svg.wrapped("响应有，多快", 10, 30) == ["响应", "有，多", "快"]


def test_nothing_wraps_to_no_lines() -> None:
    assert svg.wrapped("", 10, 30) == []
