"""A tiny durable runtime: the tasks of a workflow are Python functions, and Millrace keeps where each run stands.

A snapshot holds the results so far, and its position names the next task. Saving it is the commit: until then a task is
done again by whoever claims it next, from then on never. Values are JSON of at most 64 KiB.
"""

import contextlib
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from millrace.common.v1.payload_pb2 import Payload
from millrace.state.v1 import claim_service_pb2 as claims, control_service_pb2 as controls
from millrace.state.v1 import definition_service_pb2 as definitions, run_service_pb2 as runs
from millrace.state.v1 import run_status_pb2 as statuses, snapshot_service_pb2 as snapshots
from millrace.state.v1.available_task_pb2 import AvailableTask
from millrace.state.v1.claim_service_pb2_grpc import ClaimServiceStub
from millrace.state.v1.control_service_pb2_grpc import ControlServiceStub
from millrace.state.v1.definition_service_pb2_grpc import DefinitionServiceStub
from millrace.state.v1.driver_pb2 import DRIVER_CLIENT
from millrace.state.v1.position_pb2 import AtTask, Position
from millrace.state.v1.run_filter_pb2 import RunFilter
from millrace.state.v1.run_service_pb2_grpc import RunServiceStub
from millrace.state.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from millrace.state.v1.task_hint_pb2 import TaskHint
from millrace.workflow.v1.definition_pb2 import Definition
from millrace.workflow.v1.failure_pb2 import Failure

MAX_ATTEMPTS = 3  # the server offers a task no more often
LOST = ("LEASE_LOST", "LEASE_NOT_FOUND", "RUN_NOT_FOUND", "RUN_TERMINAL")  # the task is not this worker's any more
LOOK_S = 1.0  # how long to wait for a hint; correctness never depends on one
RETRY = {"maxAttempts": 5, "initialBackoff": "0.2s", "maxBackoff": "5s", "backoffMultiplier": 2,
         "retryableStatusCodes": ["UNAVAILABLE"]}


@dataclass
class Task:
    """What a function is given. It returns a JSON value; once `stopped` is set nobody wants that value any more."""

    run_id: str
    attempt: int
    input: Any
    results: dict[str, Any]
    stopped: threading.Event = field(default_factory=threading.Event)


class Runtime:
    """Starts and works on the runs of one workflow, whose tasks are done one after another."""

    def __init__(self, address: str, workflow: str, version: str, tasks: list[Callable[[Task], Any]]) -> None:
        # A call is sent again, with its request id, while the service is away; so nothing is done twice.
        config = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": RETRY}]})
        channel = grpc.insecure_channel(address, options=[("grpc.service_config", config)])
        self.claims, self.controls = ClaimServiceStub(channel), ControlServiceStub(channel)
        self.runs, self.snapshots = RunServiceStub(channel), SnapshotServiceStub(channel)
        self.workflow, self.version, self.worker_id = workflow, version, f"python-{os.getpid()}"
        self.tasks = {task.__name__: task for task in tasks}
        content = Definition(workflow=workflow, version=version, opaque=payload_of({"tasks": [*self.tasks]}))
        put = definitions.PutDefinitionRequest(definition=content, activate=True, request_id=new_id())
        self.hash = DefinitionServiceStub(channel).PutDefinition(put).definition.definition_hash

    def start(self, run_id: str, value: Any) -> None:
        """Starts a run, unless there is one with that id."""
        self.runs.StartRun(runs.StartRunRequest(
            run_id=run_id, workflow=self.workflow, version=self.version, driver=DRIVER_CLIENT, input=payload_of(value),
            first_task=TaskHint(task_id=next(iter(self.tasks))), request_id=new_id(),
            conflict_policy=runs.CONFLICT_POLICY_USE_EXISTING))

    def work(self, ttl_s: float) -> None:
        """Does tasks until Ctrl-C, each under a claim that lives for `ttl_s` unless it is extended."""
        self.ttl = Duration(nanos=int(ttl_s % 1 * 1e9), seconds=int(ttl_s))
        self.beat_s = ttl_s / 3
        hint = threading.Event()
        threading.Thread(target=self.watch, args=[hint], daemon=True).start()
        look = claims.FindAvailableTasksRequest(
            worker_id=self.worker_id, limit=1, workflow=self.workflow, definition_hash=self.hash)
        while True:
            hint.clear()
            try:
                found = self.claims.FindAvailableTasks(look).tasks
                for task in found:
                    self.do(task)
                if found:
                    continue
                self.apply_controls()
            except grpc.RpcError as error:  # the claim is lost, or the service away: it is offered again
                print(f"{self.worker_id}: {reason_of(error)}: {error.details()}", flush=True)
            hint.wait(LOOK_S)

    def watch(self, hint: threading.Event) -> None:
        request = claims.WatchAvailableTasksRequest(worker_id=self.worker_id, workflow=self.workflow)
        while True:  # a stream that ends is opened again
            with contextlib.suppress(grpc.RpcError):
                for _ in self.claims.WatchAvailableTasks(request):
                    hint.set()
            threading.Event().wait(LOOK_S)

    def apply_controls(self) -> None:
        """Nothing is offered of a run with a pending control, so nobody meets it: look for such runs."""
        is_open = [statuses.RUN_STATUS_PENDING, statuses.RUN_STATUS_RUNNING]
        which = RunFilter(workflow=self.workflow, driver=DRIVER_CLIENT, statuses=is_open)
        for run in self.runs.ListRuns(runs.ListRunsRequest(filter=which, page_size=1000)).runs:
            if run.controls:
                self.check({"run_id": run.run_id, "incarnation": run.incarnation})

    def check(self, at: dict[str, str]) -> "controls.ControlOutcome":
        return self.controls.CheckControls(controls.CheckControlsRequest(**at, request_id=new_id())).outcome

    def do(self, found: AvailableTask) -> None:
        """Claims a task, does it, saves what came of it."""
        run = {"run_id": found.run_id, "incarnation": found.incarnation}
        at = {**run, "task_id": found.task_id}
        claimed = self.claims.ClaimTask(
            claims.ClaimTaskRequest(**at, worker_id=self.worker_id, ttl=self.ttl, request_id=new_id()))
        if not claimed.HasField("lease"):
            return  # somebody was faster
        held = {**at, "fence": claimed.lease.fence}
        head = self.snapshots.LoadSnapshot(snapshots.LoadSnapshotRequest(**run)).snapshot
        results = value_of(head.opaque) or {}
        task = Task(found.run_id, claimed.attempt, value_of(head.input), results)
        try:
            with self.keeping(at, held, task):
                result = self.tasks[found.task_id](task)
        except KeyboardInterrupt:
            self.release(held, failed=False)  # offered again at once, and the attempt does not count
            raise
        except Exception as error:
            if not task.stopped.is_set():
                self.fail(held, task, error)
        else:
            if not task.stopped.is_set():
                self.save(held, {**results, found.task_id: result})
                self.check(at)  # before anybody does the next one

    @contextlib.contextmanager
    def keeping(self, at: dict[str, str], held: dict[str, Any], task: Task) -> Iterator[None]:
        """Extends the claim while its task is done, and hears of a cancel meanwhile."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self.beat_s):
                try:
                    if self.check(at) == controls.CONTROL_OUTCOME_CANCELLED:
                        task.stopped.set()
                        return
                    self.claims.ExtendTaskClaim(claims.ExtendTaskClaimRequest(
                        **held, worker_id=self.worker_id, ttl=self.ttl, request_id=new_id()))
                except grpc.RpcError as error:
                    if reason_of(error) in LOST:  # anything else may pass; if it does not, the save is refused
                        task.stopped.set()
                        return

        thread = threading.Thread(target=beat)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def save(self, held: dict[str, Any], results: dict[str, Any]) -> None:
        names = [*self.tasks]
        following = names[names.index(held["task_id"]) + 1:]
        output = payload_of(results[held["task_id"]])
        if following:
            what_next: dict[str, Any] = {"position": Position(at_task=AtTask(task_id=following[0]))}
        else:
            what_next = {"status": statuses.RUN_STATUS_COMPLETED, "output": output}
        self.snapshots.SaveSnapshot(snapshots.SaveSnapshotRequest(  # the result is for LoadTaskResult; it ends the claim
            **held, **what_next, payload=payload_of(results), task_output=output, request_id=new_id()))
        print(f"{held['run_id']}: saved {held['task_id']}", flush=True)

    def fail(self, held: dict[str, Any], task: Task, error: Exception) -> None:
        print(f"{task.run_id}: {held['task_id']} failed: {error} (attempt {task.attempt})", flush=True)
        if task.attempt < MAX_ATTEMPTS:
            return self.release(held, failed=True)
        failure = Failure(type=type(error).__name__, message=str(error))
        self.snapshots.SaveSnapshot(snapshots.SaveSnapshotRequest(
            **held, payload=payload_of(task.results), status=statuses.RUN_STATUS_FAILED, failure=failure,
            request_id=new_id()))

    def release(self, held: dict[str, Any], failed: bool) -> None:
        self.claims.ReleaseTaskClaim(claims.ReleaseTaskClaimRequest(
            **held, worker_id=self.worker_id, failed=failed, request_id=new_id()))


def new_id() -> str:
    return str(uuid.uuid4())


def payload_of(value: Any) -> Payload:
    return Payload(json=json.dumps(value))


def value_of(payload: Payload) -> Any:
    return json.loads(payload.json or payload.data or "null")


def reason_of(error: grpc.RpcError) -> str:
    """Why a call was refused: a name of docs/errors.md; for what never reached a service the code."""
    info = error_details_pb2.ErrorInfo()
    trailers = dict(error.trailing_metadata() or ())
    for detail in status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b"")).details:
        if detail.Unpack(info):
            return info.reason
    return error.code().name
