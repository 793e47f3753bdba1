"""An order in three tasks that survives kill -9, run by the runtime beside it. `--help` says what can be done."""

import argparse
import signal
from typing import Any

from runtime import Runtime, Task


def charge(task: Task) -> Any:
    if task.input["cents"] < 0:
        raise ValueError("an order costs nothing or more")
    print(f"{task.run_id}: charged {task.input['cents']} cents (attempt {task.attempt})", flush=True)
    return {"receipt": f"receipt-{task.run_id}"}


def pack(task: Task) -> Any:
    print(f"{task.run_id}: packing (attempt {task.attempt})", flush=True)
    if task.stopped.wait(task.input["packing_s"]):
        print(f"{task.run_id}: unpacked, nobody wants it any more", flush=True)
        return None
    print(f"{task.run_id}: packed", flush=True)
    return {"boxes": 1}


def ship(task: Task) -> Any:
    print(f"{task.run_id}: shipped (attempt {task.attempt})", flush=True)
    return {"tracking": f"track-{task.run_id}", **task.results["charge"], **task.results["pack"]}


def main() -> None:
    parser = argparse.ArgumentParser(description="Starts orders, or works on them.")
    parser.add_argument("--address", default="127.0.0.1:7400", help="the gRPC door of the state service")
    parser.add_argument("--start", metavar="ID", help="start an order under this id")
    parser.add_argument("--cents", type=int, default=4200, help="what it costs")
    parser.add_argument("--packing", type=float, default=1.0, metavar="SECONDS", help="how long it takes to pack")
    parser.add_argument("--work", action="store_true", help="work on orders until Ctrl-C")
    parser.add_argument("--ttl", type=float, default=30.0, metavar="SECONDS", help="how long a claim lives unextended")
    options = parser.parse_args()
    runtime = Runtime(options.address, "python-order", "1", [charge, pack, ship])
    if options.start:
        runtime.start(options.start, {"cents": options.cents, "packing_s": options.packing})
        print(f"started {options.start}")
    if options.work:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        print(f"{runtime.worker_id} works", flush=True)
        try:
            runtime.work(options.ttl)
        except KeyboardInterrupt:
            print(f"{runtime.worker_id} has handed back what it had")


if __name__ == "__main__":
    main()
