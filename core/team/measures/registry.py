"""All measures of the team, in the order of the page."""

from core.team.measures.base import TeamMeasure
from core.team.measures.gain import Gain
from core.team.measures.harmed import Harmed
from core.team.measures.helped import Helped
from core.team.measures.model import ModelAlone
from core.team.measures.over_reliance import OverReliance
from core.team.measures.person import PersonAlone
from core.team.measures.seconds import ReadingTime
from core.team.measures.team import Together
from core.team.measures.under_reliance import UnderReliance


def team_measures() -> tuple[TeamMeasure, ...]:
    """Return every registered measure; their names are the figures of `TeamRow`."""
    return (
        PersonAlone(),
        ModelAlone(),
        Together(),
        Gain(),
        Helped(),
        Harmed(),
        OverReliance(),
        UnderReliance(),
        ReadingTime(),
    )
