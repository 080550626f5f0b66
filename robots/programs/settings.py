"""What a cell says about its controller's programs: numbers, names, versions. The `programs` section of a cell file, one part per language."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[int, Field(ge=0, le=255)]
Speed = Annotated[float, Field(gt=0)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LanguageSettings(_Settings):
    """What every language has."""

    signals: dict[str, str] = Field(
        default={},
        description="addresses in this language by neutral name; those left out are taken from `signals`, else numbered in order",
    )
    longest_name: int | None = Field(default=None, ge=6, le=36, description="letters a program name may have; default: the language's")
    name: str | None = Field(default=None, description="name of the program; default: from the part")


class KrlSettings(LanguageSettings):
    """KUKA KRL."""

    tool_number: Number | None = Field(
        default=None, description="take tool and load from TOOL_DATA[n], LOAD_DATA[n]; default: data in the .dat"
    )
    base_number: Number | None = Field(default=None, description="take the base from BASE_DATA[n]; default: data in the .dat")
    cptp100_mm: Speed = Field(
        default=500.0,
        description="how far $APO.CPTP=100 may leave a corner, for programs that round with C_PTP; n percent are taken as n hundredths of it",
    )
    positioner_machine: Annotated[int, Field(ge=2, le=16)] = Field(default=2, description="number of the positioner in MACHINE_DEF")
    message: str = Field(default="MsgNotify", description="routine that shows a line on the pendant, called with one text")
    turn_speed_deg_s: Speed = Field(default=200.0, description="greatest turning speed of the tool on straight moves")
    weld_on: str = Field(
        default="WELD_ON",
        description="the user's routine that ignites, called with the procedure's number, the weave data's (0 none) and 1 for seam tracking through the arc",
    )
    weld_off: str = Field(default="WELD_OFF", description="the user's routine that ends the arc, called with the procedure's number")


class RapidSettings(LanguageSettings):
    """ABB RAPID."""

    robotware: Literal["6", "7"] = Field(default="6", description="IRC5 (6: .mod, ISO 8859-1) or OmniCore (7: .modx)")
    tool: str | None = Field(
        default=None, description="name of tooldata that the controller has, for programs with one tool; default: declared"
    )
    work_object: str | None = Field(
        default=None, description="name of wobjdata that the controller has, for programs with one frame; default: declared"
    )
    mechanical_unit: str = Field(default="STN1", description="name of the positioner's mechanical unit, for work objects that it carries")
    joint_speed_mm_s: Speed = Field(
        default=7000.0,
        description="tool speed that stands for the full joint speeds: RAPID knows no share, so v_tcp of a joint move is this times the share",
    )
    track_data: str = Field(default="tr1", description="name of the trackdata for through-the-arc seam tracking")
    declare_weld_data: bool = Field(
        default=False, description="write seamdata, welddata and weavedata into the module instead of naming those of the controller"
    )


class FanucSettings(LanguageSettings):
    """FANUC TP."""

    tool_number: Annotated[int, Field(ge=1, le=29)] = Field(default=1, description="UTOOL")
    frame_number: Annotated[int, Field(ge=0, le=61)] = Field(default=1, description="UFRAME")
    payload_number: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1, description="first payload schedule: the tool alone; those with the part follow"
    )
    groups: Annotated[int, Field(ge=5, le=8)] = Field(
        default=5, description="fields of DEFAULT_GROUP: 5 on older controllers, 7 or 8 on newer"
    )
    j3_follows_j2: bool = Field(default=True, description="the controller shows J3 from the horizontal: J3 = joint 3 - joint 2 of the URDF")
    cnt100_mm: Speed = Field(default=100.0, description="how far CNT100 may leave a corner; CNTn is taken as n hundredths of it")
    arc: Literal["weld", "arc"] = Field(default="weld", description="`Weld Start[p,s]` (R-30iB Plus) or `Arc Start[n]`")
    track_schedule: Annotated[int, Field(ge=1, le=20)] = Field(default=1, description="schedule of `Track TAST[n]`")
    search_register: Annotated[int, Field(ge=1, le=90)] = Field(
        default=50, description="first position register for search results; the program overwrites as many as it has results and sums"
    )
    position_registers: Annotated[int, Field(ge=10, le=1000)] = Field(default=100, description="position registers that the controller has")
    remark_length: Annotated[int, Field(ge=16, le=32)] = Field(default=32, description="letters a remark line may have")
    user_alarm: Annotated[int, Field(ge=1, le=255)] | None = Field(
        default=None, description="UALM raised for a signal that did not come, of a severity that pauses; default: MESSAGE and PAUSE"
    )
    home_signal: str | None = Field(
        default=None,
        description="output of the reference position, e.g. UO[7]: the program ends at once where it is off; default: not asked",
    )
    world_height_mm: float | None = Field(
        default=None,
        description="height of the controller's world origin (axis 2) over the robot's base link; default: frames are listed from the base link",
    )


class InformSettings(LanguageSettings):
    """Yaskawa INFORM."""

    tool_number: Annotated[int, Field(ge=0, le=63)] = Field(
        default=0, description="first tool file: the tool alone; the load lives there, so those with the part follow"
    )
    frame_number: Annotated[int, Field(ge=1, le=63)] = Field(default=1, description="user frame")
    speed_unit: Literal["mm/s", "cm/min"] = Field(default="mm/s", description="unit of V=, a setting of the controller")
    job_kind: Literal["rectan", "pulse"] = Field(default="rectan", description="relative job, or pulses with the controller's own ratios")
    pulses_per_deg: tuple[float, float, float, float, float, float] | None = Field(
        default=None, description="S, L, U, R, B, T from the controller's ALL.PRM, with their signs"
    )
    position_levels_mm: tuple[float, ...] = Field(
        default=(12.5, 25.0, 50.0, 100.0),
        description="how far PL=1, PL=2, .. begin to round before the corner, from the controller's parameters",
    )
    track_pulses_per_mm: float | None = Field(default=None, description="base axis BS1 in pulse jobs, from ALL.PRM, with its sign")
    positioner_pulses: tuple[float, ...] | None = Field(
        default=None, description="station axes ST1 in pulse jobs, from ALL.PRM: per degree, of sliding axes per mm, with their signs"
    )
    greatest_speed_mm_s: Speed = Field(default=1500.0, description="greatest V= the controller takes, whatever its unit")
    rconf_fields: Literal[6, 8, 24] = Field(default=24, description="fields of RCONF: 6 or 8 on NX100, 24 from DX100 on")


class UrScriptSettings(LanguageSettings):
    """Universal Robots URScript."""

    joint_acceleration_deg_s2: Speed = Field(default=80.0, description="of joint moves")
    acceleration_mm_s2: Speed = Field(default=1200.0, description="of straight moves")
    call: bool = Field(default=True, description="call the program at the end of the file, as a PolyScope script node needs it")
    arc_timeout_s: Speed = Field(default=5.0, description="longest time for the arc to burn, and to end")


class ProgramSettings(_Settings):
    """The `programs` section of a cell file."""

    krl: KrlSettings = Field(default=KrlSettings(), description="KUKA")
    rapid: RapidSettings = Field(default=RapidSettings(), description="ABB")
    fanuc: FanucSettings = Field(default=FanucSettings(), description="FANUC")
    inform: InformSettings = Field(default=InformSettings(), description="Yaskawa")
    urscript: UrScriptSettings = Field(default=UrScriptSettings(), description="Universal Robots")
