"""Preset files of CHOW Tape Model: what they say in the form of every version, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from chowtape_presets import ERAS, headed, preset

from tapegraph.errors import TapegraphError
from tapegraph.imports.chowtape_file import SETTINGS, ChowtapePreset, read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "Old Reel.chowpreset"


def meaning(file: Path, text: str) -> ChowtapePreset:
    file.write_text(text, "utf-8")
    return read(file)


@pytest.mark.parametrize("era", ERAS)
def test_a_preset_of_every_version_is_read(file: Path, era: str) -> None:
    found = meaning(file, preset(era, drive="0.7", h_bass="-0.25"))
    assert (found.name, found.vendor, found.category) == ("Old Reel", "Me", "Mix")
    assert found.values.keys() == SETTINGS.keys()
    assert (found.values["drive"], found.values["h_bass"], found.values["drywet"]) == (0.7, -0.25, 1.0)
    assert (found.values["gap"], found.values["spacing"], found.values["thick"]) == (1.0, 0.1, 0.1)
    assert found.values["h_tfreq"] == 500.0


def test_what_is_missing_or_has_no_value_has_its_default(file: Path) -> None:
    found = meaning(file, preset("2.5", sat=None, speed=None))
    assert (found.values["sat"], found.values["speed"], found.values["comp_release"]) == (0.5, 30.0, 200.0)


def test_values_are_held_to_their_range_and_switches_and_choices_are_whole(file: Path) -> None:
    found = meaning(file, preset(gap="80", azimuth="-90.5", mode="3.6", mid_side="0.7", comp_onoff="1.0"))
    assert [found.values[name] for name in ("gap", "azimuth", "mode", "mid_side", "comp_onoff")] == [50, -75, 4, 1, 1]
    assert "gap is 80; it is held at 50" in found.remarks


def test_the_last_of_several_values_counts(file: Path) -> None:
    text = preset().replace("</Parameters>", '<PARAM id="drive" value="0.9"/></Parameters>')
    assert meaning(file, text).values["drive"] == 0.9


@pytest.mark.parametrize(
    ("written", "meant"), [("100.0", 1.0), ("65", 0.65), ("1.0", 1.0), ("0.4", 0.4), ("5.4e1", 0.54)]
)
def test_dry_wet_in_percent_becomes_a_fraction(file: Path, written: str, meant: float) -> None:
    found = meaning(file, preset("2.10", drywet=written))
    assert found.values["drywet"] == pytest.approx(meant)
    assert any("percent" in remark for remark in found.remarks) == (float(written) > 1)


def test_sections_are_on_where_the_file_is_from_before_there_were_switches(file: Path) -> None:
    found = meaning(file, preset("2.5", chew_depth="0.5"))
    assert (found.values["chew_onoff"], found.values["deg_onoff"], found.values["comp_onoff"]) == (1.0, 1.0, 0.0)
    assert "the file is from before there were switches: chew and degrade are on, as they were then" in found.remarks
    later = meaning(file, preset("2.7", chew_depth="0.5", chew_onoff=None))
    assert later.values["chew_onoff"] == 0.0


def test_the_older_name_of_the_oversampling_counts_where_the_newer_is_missing(file: Path) -> None:
    assert meaning(file, preset("2.7", os="3")).values["os_factor"] == 3.0
    assert meaning(file, preset("2.10", os="3")).values["os_factor"] == 1.0


def test_a_file_of_the_loose_form_has_its_vendor_in_its_name(file: Path) -> None:
    found = meaning(file, headed(name="Ann_User_Dusty", plugin=None, vendor=None, version=None))
    assert (found.name, found.vendor) == ("Dusty", "Ann")
    assert meaning(file, headed(name="Dusty", vendor=None)).vendor == ""


def test_line_ends_of_windows_and_what_the_window_has_left_behind_do_not_matter(file: Path) -> None:
    text = preset(drive="0.6").replace("<properties/>", '<properties><plugin is_stereo="1"/></properties>')
    file.write_bytes(text.replace("\n", "\r\n").encode())
    assert read(file).values["drive"] == 0.6


def test_unknown_parameters_and_values_that_are_no_numbers_are_named(file: Path) -> None:
    found = meaning(file, preset(shine="1", drive="loud", sat="nan", depth="1_0"))
    assert [found.values[name] for name in ("drive", "sat", "depth")] == [0.5, 0.5, 0.0]
    assert set(found.remarks) == {
        "drive is 'loud', which is no number; it has its default",
        "sat is 'nan', which is no number; it has its default",
        "depth is '1_0', which is no number; it has its default",
        "the parameter 'shine' is unknown and was left out",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not XML: no element found: line 1, column 0"),
        ("<Preset name='a'><Parameters></Preset>", "not XML: mismatched tag: line 1, column 31"),
        ("<State/>", "not a preset: its root element is 'State'; it must be 'Preset'"),
        ("<Preset name='a' plugin='CHOWMatrix'/>", "a preset of 'CHOWMatrix'; only those of 'CHOWTapeModel' can be"),
        ("<Preset name=' '><Parameters/></Preset>", "has no name; a preset must have one"),
        ("<Preset name='a'><extra_info/></Preset>", "has no parameters; a preset must have them"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><Preset name='&a;'/>", "has a document type; a preset has none"),
        ("<?xml version='1.0' encoding='klingon'?><Preset/>", "not XML: unknown encoding"),
    ],
)
def test_what_is_not_a_preset_is_refused_in_a_sentence(file: Path, text: str, problem: str) -> None:
    with pytest.raises(TapegraphError) as caught:
        meaning(file, text)
    assert str(caught.value).startswith(f"{file}: {problem}")


def test_bytes_that_are_not_text_are_refused(file: Path) -> None:
    file.write_bytes(bytes(range(256)))
    with pytest.raises(TapegraphError, match="not XML"):
        read(file)


def test_a_document_type_is_refused_in_every_encoding(file: Path) -> None:
    """Entities within entities grow without bounds, and some are other files."""
    text = "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x [<!ENTITY a 'b'>]><Preset name='&a;'><State/></Preset>"
    file.write_bytes(text.encode("utf-16"))
    with pytest.raises(TapegraphError) as caught:
        read(file)
    assert str(caught.value) == f"{file}: has a document type; a preset has none"


def test_names_are_lines_that_cannot_steer_a_terminal(file: Path) -> None:
    found = meaning(
        file, "<Preset name='Old&#13;&#10;\u202e Reel' vendor='M\x7fe' category='&#x85;Mix'><State/></Preset>"
    )
    assert (found.name, found.vendor, found.category) == ("Old Reel", "M e", "Mix")
