"""Writes presets of CHOW Tape Model in the form of every version, from nothing but what is known of the form."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

# What parameters the versions knew: each row adds to the one before.
ERAS: dict[str, dict[str, str]] = {
    "2.5": {
        **dict.fromkeys(("ingain", "outgain", "h_bass", "h_treble", "rate", "depth", "wow_rate", "wow_depth"), "0.0"),
        **{"drywet": "100.0", "drive": "0.5", "sat": "0.5", "width": "0.5", "mode": "2", "os": "1", "preset": "3"},
        **{"speed": "15", "spacing": "9.999999974752427e-7", "thick": "9.999999974752427e-7", "gap": "1e-6"},
        **dict.fromkeys(("chew_depth", "chew_freq", "chew_var", "deg_depth", "deg_amt", "deg_var"), "0.0"),
    },
    "2.7": {
        **{"tone_onoff": "1.0", "hyst_onoff": "1.0", "loss_onoff": "1.0", "flutter_onoff": "1.0", "h_tfreq": "500.0"},
        **{"chew_onoff": "0.0", "deg_onoff": "0.0", "ifilt_onoff": "0.0", "ifilt_low": "20.0"},
        **{"ifilt_high": "22000.0", "ifilt_makeup": "0.0", "spacing": "0.1", "thick": "0.1", "gap": "1.0"},
    },
    "2.8": {"azimuth": "0.0", "wow_var": "0.0", "wow_drift": "0.0", "deg_env": "0.0", "deg_point1x": "0.0"},
    "2.10": {
        **{"comp_onoff": "0.0", "comp_amt": "0.0", "comp_attack": "5.0", "comp_release": "200.0", "mid_side": "0.0"},
        **{"os_factor": "1.0", "os_mode": "0.0", "os_render_factor": "1.0", "os_render_mode": "0.0"},
        **{"os_render_like_realtime": "1.0", "mix_group": "0"},
    },
    "2.11": {"stereo_balance": "0.0", "stereo_makeup": "1.0", "drywet": "1.0"},
}


def preset(era: str = "2.11", /, **values: str | None) -> str:
    """Return the text of a preset of an era, with some parameters changed; None leaves the value out."""
    known: dict[str, str | None] = {}
    for name, added in ERAS.items():
        known |= added
        if name == era:
            break
    return text(known | values)


def headed(**attributes: str | None) -> str:
    """Return the text of a preset whose root has other attributes; None leaves one out."""
    return text({"drive": "0.5"}, **attributes)


def text(values: dict[str, str | None], **attributes: str | None) -> str:
    rows = "".join(
        f"    <PARAM id={quoteattr(name)}{'' if value is None else f' value={quoteattr(value)}'}/>\n"
        for name, value in values.items()
    )
    usual = {"name": "Old Reel", "plugin": "CHOWTapeModel", "vendor": "Me", "category": "Mix", "version": "2.11.1"}
    root = " ".join(f"{k}={quoteattr(v)}" for k, v in (usual | attributes).items() if v is not None)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n\n<Preset {root}>\n  <Parameters>\n{rows}'
        "    <properties/>\n  </Parameters>\n  <extra_info/>\n</Preset>\n"
    )
