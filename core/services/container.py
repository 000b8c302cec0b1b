"""The only place where the parts meet."""

import functools
import threading
from dataclasses import dataclass

import torch

from core.contracts import Actor, ActorKind
from core.models.engine import Engine
from core.models.own import search_in
from core.services.auditing import Audit
from core.services.calibrating import Calibrating
from core.services.casebook import Casebook
from core.services.caseviews import CaseViews
from core.services.catalogue import Catalogue
from core.services.concepts import Concepts
from core.services.decisions import Deciding
from core.services.evidence.ahead import Ahead
from core.services.evidence.flights import Flights
from core.services.evidence.methods import Methods
from core.services.evidence.path import Path
from core.services.evidence.quality import Quality
from core.services.evidence.questions import Questions
from core.services.evidence.removal import Removing
from core.services.evidence.reports import StoredReports
from core.services.evidence.store import EvidenceStore
from core.services.evidence.verbs import Evidence
from core.services.explaining import Explaining
from core.services.exporting import Exporting
from core.services.fairness.choosing import Choosing
from core.services.fairness.fairness import Fairness
from core.services.fairness.measuring import Measuring
from core.services.fairness.searching import Searching as TradeSearching
from core.services.fairness.slices import SideFinder
from core.services.fairness.trade_off import TradeOff
from core.services.feedback import Feedback
from core.services.gating import Gating
from core.services.guard.coverage import Coverage
from core.services.guard.fitting import Fitting
from core.services.guard.guarding import Guarding
from core.services.guard.judging import Judging
from core.services.guard.routing import Routing
from core.services.guard.suspending import Suspending
from core.services.handlers import Handlers
from core.services.health import Health
from core.services.importing import Importing
from core.services.influence import Influence
from core.services.jobs import Jobs
from core.services.maintenance import Maintenance
from core.services.mark_checking import MarkChecking
from core.services.own_models import OwnModels
from core.services.pictures import Pictures
from core.services.predictions import Predictions
from core.services.queueing import Queueing
from core.services.reading_modes.adjudicating import Adjudicating
from core.services.reading_modes.opinions import Gathering
from core.services.retraining import Retraining
from core.services.review import Review
from core.services.robustness import Robustness
from core.services.robustness_reports import RobustnessReports
from core.services.runtime import Runtime
from core.services.scoring import Scoring
from core.services.spread_search import Searching
from core.services.spreading import Spreading
from core.services.team.team import Team
from core.services.tokens import Tokens
from core.services.training import Training
from core.services.trust.columns import Columns
from core.services.trust.errors import ErrorFinder
from core.services.trust.reports import QualityReports
from core.services.trust.trust import Trust
from core.services.vectors import Vectors
from core.services.verdicts import Verdicts
from core.services.whatif.counterfactuals import Counterfactuals
from core.services.whatif.material import Material
from core.services.whatif.similar import Similar
from core.services.whatif.whatif import WhatIf
from core.services.workspaces import Workspaces
from core.settings import Settings, load_settings
from core.storage.blobs import BlobStore
from core.storage.database import open_database


@dataclass(frozen=True, slots=True)
class Container:
    """All services of one process, wired."""

    runtime: Runtime
    importing: Importing
    jobs: Jobs
    workspaces: Workspaces
    review: Review
    evidence: Evidence
    trust: Trust
    fairness: Fairness
    whatif: WhatIf
    predictions: Predictions
    retraining: Retraining
    spread: Spreading
    guard: Guarding
    robustness: Robustness
    adjudication: Adjudicating
    team: Team
    audit: Audit
    exporting: Exporting
    maintenance: Maintenance
    health: Health
    tokens: Tokens

    @property
    def settings(self) -> Settings:
        """The settings that this container was built from."""
        return self.runtime.settings

    @property
    def default_actor(self) -> Actor:
        """Who acts when nobody signed in."""
        return self.runtime.actor

    def close(self) -> None:
        """Stop the engine and the background work, and close the database."""
        self.review.explaining.flights.close()
        self.review.ahead.close()
        self.review.background.shutdown(wait=True, cancel_futures=True)
        self.runtime.engine.stop()
        self.runtime.database.close()


def _runtime(settings: Settings) -> Runtime:
    if settings.threads:
        torch.set_num_threads(settings.threads)
    search_in(settings.models)
    kind: ActorKind = "service" if settings.actor.startswith("service:") else "person"
    return Runtime(
        settings=settings,
        database=open_database(settings),
        blobs=BlobStore(settings.home / "blobs"),
        engine=Engine(),
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        actor=Actor(settings.actor, kind, settings.actor),
    )


def _explaining(runtime: Runtime, casebook: Casebook, catalogue: Catalogue, judging: Judging) -> Explaining:
    questions, store, flights = Questions(casebook, catalogue), EvidenceStore(runtime), Flights()
    methods = Methods(questions, store, flights, StoredReports(runtime))
    return Explaining(runtime, casebook, catalogue, questions, methods, flights, store, judging)


def _whatif(predictions: Predictions, neighbours: Similar) -> WhatIf:
    runtime, catalogue, casebook = predictions.runtime, predictions.catalogue, predictions.casebook
    searching = Counterfactuals(runtime, casebook, predictions, Material(runtime, catalogue, casebook))
    populations = predictions.views.populations
    return WhatIf(runtime, catalogue, casebook, predictions, populations, searching, neighbours)


def _trade_off(training: Training, scoring: Scoring) -> TradeOff:
    runtime, catalogue = training.runtime, training.catalogue
    measuring = Measuring(runtime, training.casebook, catalogue, scoring)
    searching = TradeSearching(runtime, training, measuring)
    return TradeOff(runtime, catalogue, measuring, searching, Choosing(runtime, catalogue))


def build_container(settings: Settings | None = None) -> Container:
    """Open the database and wire all services.

    Raises
    ------
    UserError
        When the database can't be used: read-only, from a newer schema, or unreachable.
    """
    runtime = _runtime(settings or load_settings())
    catalogue, casebook = Catalogue(runtime), Casebook(runtime)
    scoring = Scoring(runtime, casebook, catalogue)
    sets = Coverage(runtime, catalogue, scoring)
    queueing = Queueing(runtime, catalogue)
    fitting = Fitting(runtime, catalogue, casebook)
    judging = Judging(runtime, catalogue, casebook, fitting)
    routing = Routing(runtime, fitting, judging)
    explaining = _explaining(runtime, casebook, catalogue, judging)
    gating = Gating(runtime, casebook, catalogue, scoring)
    own = OwnModels(runtime, casebook)
    importing = Importing(runtime, scoring, own)
    training = Training(runtime, casebook, catalogue, own, Calibrating(runtime, casebook))
    columns = Columns(runtime, casebook)
    errors = ErrorFinder(columns)
    reports = QualityReports(catalogue, casebook, explaining)
    handlers = Handlers(runtime, importing, training, scoring, gating, reports, routing)
    spreading = Spreading(runtime, Searching(runtime, catalogue, casebook))
    trade = _trade_off(training, scoring)
    robust = Robustness(runtime, catalogue, RobustnessReports(catalogue, casebook))
    views = CaseViews(runtime, catalogue, casebook, queueing)
    quality = Quality(explaining)
    vectors, pictures = Vectors(runtime, catalogue, casebook, explaining.flights), Pictures(casebook)
    concepts, taught = Concepts(runtime, catalogue, vectors), Influence(runtime, vectors, pictures)
    removing = Removing(explaining, views)
    evidence = Evidence(runtime, catalogue, explaining, quality, removing, Path(explaining), taught, concepts)
    ahead = Ahead(catalogue, queueing, explaining)
    verdicts = Verdicts(runtime, catalogue, casebook)
    feedback = Feedback(runtime, catalogue, casebook, scoring, MarkChecking(runtime, catalogue, casebook))
    predictions = Predictions(runtime, catalogue, casebook, explaining, views, quality)
    return Container(
        runtime=runtime,
        importing=importing,
        jobs=Jobs(
            runtime, {**handlers.table(), "spread": spreading.work, "robustness": robust.work, "tradeoff": trade.work}
        ),
        workspaces=Workspaces(runtime, catalogue, queueing, scoring, sets),
        review=Review(runtime, catalogue, casebook, queueing, views, explaining, evidence, ahead, verdicts),
        evidence=evidence,
        trust=Trust(runtime, catalogue, scoring, explaining, errors),
        fairness=Fairness(runtime, catalogue, scoring, errors, SideFinder(columns), trade),
        whatif=_whatif(predictions, Similar(runtime, vectors, pictures)),
        predictions=predictions,
        retraining=Retraining(runtime, catalogue, feedback, gating, scoring, Deciding(runtime, catalogue)),
        spread=spreading,
        guard=Guarding(runtime, catalogue, fitting, Suspending(runtime, catalogue), sets),
        robustness=robust,
        adjudication=Adjudicating(runtime, catalogue, casebook, views, Gathering(runtime, casebook)),
        team=Team(runtime, catalogue),
        audit=Audit(runtime),
        exporting=Exporting(runtime, catalogue),
        maintenance=Maintenance(runtime, catalogue),
        health=Health(runtime),
        tokens=Tokens(runtime),
    )


_lock = threading.Lock()


def shared_container() -> Container:
    """Return the container of this process, built on first use; safe to ask for from many threads."""
    with _lock:
        return _build_once()


@functools.cache
def _build_once() -> Container:
    return build_container()
