"""Frozen types and protocols that cross a layer; import them from here."""

from core.contracts.bench import *  # noqa: F403
from core.contracts.evidence import *  # noqa: F403
from core.contracts.fairness import *  # noqa: F403
from core.contracts.figures import *  # noqa: F403
from core.contracts.guard import *  # noqa: F403
from core.contracts.kinds import *  # noqa: F403
from core.contracts.learning import *  # noqa: F403
from core.contracts.overviews import *  # noqa: F403
from core.contracts.policies import *  # noqa: F403
from core.contracts.proof import *  # noqa: F403
from core.contracts.protocols import *  # noqa: F403
from core.contracts.records import *  # noqa: F403
from core.contracts.results import *  # noqa: F403
from core.contracts.runs import *  # noqa: F403
from core.contracts.sections import *  # noqa: F403
from core.contracts.services import *  # noqa: F403
from core.contracts.spec import *  # noqa: F403
from core.contracts.spread import *  # noqa: F403
from core.contracts.team import *  # noqa: F403
from core.contracts.trust import *  # noqa: F403
from core.contracts.views import *  # noqa: F403
from core.contracts.whatif import *  # noqa: F403
from core.contracts.work import *  # noqa: F403
