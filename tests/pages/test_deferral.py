"""Why a case is left to the person, in words."""

from dataclasses import replace

from core.contracts import Deferral, TargetAnswer
from pages._ui.deferral import all_reasons, left_to_you

SAID = "can't rule out 3, 8"
TORN = TargetAnswer("digit", "3", ("3", "8"), (0.6, 0.4), ("3", "8"), True, SAID, (Deferral("set", SAID),))
ODD = replace(TORN, deferrals=(Deferral("outlier", "unlike <b>all</b>"), *TORN.deferrals))


def test_the_set_stands_beside_it_so_only_other_reasons_are_said():
    assert left_to_you(replace(TORN, defers=False, deferrals=())) == ""
    assert left_to_you(TORN) == ":material/person: **left to you** · "
    assert left_to_you(ODD) == ":material/person: **left to you**: unlike \\<b\\>all\\<\\/b\\> · "


def test_all_reasons_are_told_once_each():
    assert all_reasons(replace(TORN, defers=False, deferrals=())) == ""
    assert all_reasons(ODD).replace("\\", "") == "Left to you because: unlike <b>all</b>; can't rule out 3, 8. "
    assert all_reasons(replace(ODD, deferrals=ODD.deferrals * 2)) == all_reasons(ODD)
