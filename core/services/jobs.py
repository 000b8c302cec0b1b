"""Long work: one loop that claims jobs, keeps their lease, reports their progress and ends them cleanly."""

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.contracts import Job, JobKind, Progress, RunStatus
from core.errors import Cancelled, Conflict, Interrupted, TandemError, Unavailable, UserError
from core.services.runtime import Runtime
from core.storage import jobs

log = logging.getLogger(__name__)
POLL_SECONDS = 0.3
REPORT_SECONDS = 0.25
Handler = Callable[[Job, "JobContext"], None]


class JobContext:
    """What a handler has of its job: progress, cancel, checkpoint, and the lease that a thread keeps alive."""

    def __init__(self, runtime: Runtime, job: Job, worker: str, stopping: threading.Event) -> None:
        self.job = job
        self._stopping = stopping
        self.worker = worker
        self._runtime = runtime
        self._progress = job.progress
        self._written = 0.0
        self._stop = threading.Event()
        self._lost: Conflict | None = None
        self._cancelled = False
        self._thread = threading.Thread(target=self._keep_lease, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> "JobContext":
        """Start keeping the lease."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop keeping the lease."""
        self._stop.set()
        self._thread.join()

    def report(self, progress: Progress) -> None:
        """Record progress, at most four times a second.

        Raises
        ------
        Cancelled
            When somebody asked the job to stop.
        Conflict
            When the lease was lost to another worker.
        Interrupted
            When this process is about to end.
        """
        if self._stopping.is_set():
            raise Interrupted("This process is about to end.")
        self._progress = progress
        if time.monotonic() - self._written > REPORT_SECONDS:
            self._beat(progress)
        if self._lost is not None:
            raise self._lost
        if self._cancelled:
            raise Cancelled("Somebody asked this job to stop.")

    def flush(self) -> None:
        """Write the last progress now, so that a quick job's curve is not lost."""
        self._beat(self._progress)

    @property
    def every_seconds(self) -> float:
        """How often the work wants to be saved."""
        return self._runtime.settings.checkpoint_seconds

    def load(self) -> bytes | None:
        """Return the state that an earlier attempt saved, or None."""
        blob = self.job.checkpoint
        if blob is None:
            return None
        log.info("job %s goes on from the checkpoint of attempt %s or before", self.job.id, self.job.attempt - 1)
        return self._runtime.blobs.get(blob)

    def save(self, state: bytes) -> None:
        """Keep the state that a later attempt resumes from."""
        blob = self._runtime.blobs.put(state)
        with self._runtime.database.write() as tx:
            jobs.save_checkpoint(tx, self.job.id, self.worker, blob)

    def _beat(self, progress: Progress) -> None:
        self._written = time.monotonic()
        lease = self._runtime.settings.lease_seconds
        try:
            with self._runtime.database.write() as tx:
                self._cancelled |= jobs.heartbeat(tx, self.job.id, self.worker, lease, progress)
        except Conflict as error:
            self._lost = error
        except Unavailable as error:  # the work goes on; a lease that runs out meanwhile is found at the next beat
            log.warning("job %s: progress could not be recorded: %s", self.job.id, error)

    def _keep_lease(self) -> None:
        while not self._stop.wait(self._runtime.settings.lease_seconds / 3):
            self._beat(self._progress)


@dataclass(slots=True)
class Jobs:
    """Runs and watches jobs. Handlers are registered by the container."""

    runtime: Runtime
    handlers: Mapping[JobKind, Handler] = field(default_factory=dict)
    name: str = field(default_factory=lambda: f"{os.getpid()}-{uuid.uuid4().hex[:8]}")
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set it to make the worker give its job back and end."""

    def get(self, job_id: int) -> Job:
        """Return a job as it stands."""
        with self.runtime.database.read() as tx:
            return jobs.get(tx, job_id)

    def work_once(self) -> bool:
        """Take and run one job; return whether there was one."""
        with self.runtime.database.write() as tx:
            job = jobs.claim_next(tx, self.name, self.runtime.settings.lease_seconds)
        if job is None:
            return False
        self._run(job)
        return True

    def work_forever(self, parent: int | None = None) -> None:
        """Work until `stopping` is set or the parent process is gone."""
        while not self.stopping.is_set() and (parent is None or os.getppid() == parent):
            try:
                if not self.work_once():
                    time.sleep(POLL_SECONDS)
            except TandemError as error:
                log.warning("worker: %s", error)
                time.sleep(POLL_SECONDS * 5)

    def wait(self, job_id: int, on_progress: Callable[[Progress], None] | None = None) -> Job:
        """Wait until a job has ended, doing the work in this process when no other worker takes it.

        Raises
        ------
        UserError
            When the job failed or was cancelled; the message says why.
        """
        while True:
            job = self.get(job_id)
            if on_progress is not None:
                on_progress(job.progress)
            if job.status == "done":
                return job
            if job.status in ("failed", "cancelled"):
                raise UserError(f"The {job.kind} job {job.id} {job.status}: {job.error or 'no reason was recorded'}")
            if not self.work_once():
                time.sleep(POLL_SECONDS)

    def _run(self, job: Job) -> None:
        log.info("job %s (%s of %s) started, attempt %s", job.id, job.kind, job.workspace, job.attempt)
        with JobContext(self.runtime, job, self.name, self.stopping) as context:
            status, error = self._outcome(job, context)
        if status == "queued":
            self._give_back(job)
        elif status != "done":
            self._finish(job, status, error)
        log.info("job %s %s %s", job.id, status, error or "")

    def _outcome(self, job: Job, context: JobContext) -> tuple[RunStatus, str | None]:
        try:
            self.handlers[job.kind](job, context)
        except Cancelled as cancelled:
            return "cancelled", str(cancelled)
        except Interrupted:
            return "queued", "given back, for this process is about to end"
        except UserError as error:
            return "failed", str(error)
        except Exception as error:
            log.exception("job %s failed", job.id)
            return "failed", f"An unexpected {type(error).__name__} stopped it. The log of the worker has the details."
        return "done", None

    def _finish(self, job: Job, status: RunStatus, error: str | None) -> None:
        """End a job that did not end itself (a handler that succeeds does so in its own transaction)."""
        try:
            with self.runtime.database.write() as tx:
                jobs.finish(tx, job.id, self.name, status, error)
        except Conflict:
            log.warning("job %s was taken over by another worker", job.id)

    def _give_back(self, job: Job) -> None:
        """Let another worker go on with the job at once."""
        try:
            with self.runtime.database.write() as tx:
                jobs.release(tx, job.id, self.name)
        except Conflict:
            log.warning("job %s was taken over by another worker", job.id)
