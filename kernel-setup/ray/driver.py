"""The part of `rcsd sweep --ray` and `rcsd study --ray` that runs inside a Ray cluster, as the entry point of a job (src/study/places/ray.ts
submits it). Each line of FOLDER/requests.jsonl is a command; each becomes a Ray task, and how it ended a line of FOLDER/events.jsonl. The
folder lies on a file system that all nodes share. A task whose node is lost is done again on another one, where the command takes up what is
there."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time

# Nodes that may be lost before a run counts as failed.
RETRIES = 3
# Exit status of a command that was stopped on request.
STOPPED = 130
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """A process whose worker is gone, as when its node was lost but the machine was not, saves and stops: another node goes on with its run."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    # Ray's processes may block the signal, and their children would inherit that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def command_of(request):
    """The words after `node`: those that go on with a begun run, or those that begin it."""
    again = request.get("again")
    begun = again is not None and os.path.exists(again["once"])
    return again["command"] if begun else request["command"]


def missing(request):
    """A sentence where this machine does not see what the command needs."""
    needed = [request["command"][0], request["cwd"], os.path.dirname(request["log"])]
    unseen = next((path for path in needed if not os.path.exists(path)), None)
    if unseen is None:
        return None
    return f"{os.uname().nodename} does not see {unseen}; project, data and runs must lie at the same paths on every node."


def run(request, folder):
    """Runs a command to its end, here; returns how it ended."""
    stop = os.path.join(folder, f"{request['id']}.stop")
    open(os.path.join(folder, f"{request['id']}.begun"), "w").close()
    sentence = missing(request)
    if sentence is not None:
        return {"sentence": sentence}
    if os.path.exists(stop):
        return {"status": STOPPED}
    node = request["node"] if os.path.exists(request["node"]) else shutil.which("node")
    if node is None:
        return {"sentence": f"{os.uname().nodename} has no Node; install it there, or put it on the path of Ray's processes."}
    with open(request["log"], "ab") as log:
        log.write(f"on {os.uname().nodename}, raylet {os.environ.get('RAY_RAYLET_PID', 'unknown')}\n".encode())
        log.flush()
        child = subprocess.Popen(
            [node, *command_of(request)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=request["cwd"],
            env={**os.environ, **request["variables"]},
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    told = False
    while child.poll() is None:
        try:
            if not told and os.path.exists(stop):
                child.send_signal(signal.SIGINT)
                told = True
            time.sleep(0.2)
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
            told = True
    code = child.returncode
    return {"status": code} if code >= 0 else {"signal": signal.Signals(-code).name}


class Lines:
    """Whole lines of a growing file, as objects; each is given once. The file is opened anew each time, so that a network file system asks."""

    def __init__(self, path):
        self.path = path
        self.offset = 0

    def new(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


def serve(folder):
    import ray

    ray.init(log_to_driver=False)
    task = ray.remote(run)

    def tell(event):
        with open(os.path.join(folder, "events.jsonl"), "a") as file:
            file.write(json.dumps(event) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def is_there(request, suffix):
        return os.path.exists(os.path.join(folder, f"{request['id']}.{suffix}"))

    tell({"ready": True})
    requests = Lines(os.path.join(folder, "requests.jsonl"))
    running = {}
    cancelled = set()
    ending = False
    while running or not ending:
        for request in requests.new():
            if request.get("end"):
                ending = True
                continue
            options = {"num_cpus": request["threads"], "memory": request["memory"], "name": request["name"], "max_retries": RETRIES}
            running[task.options(**options).remote(request, folder)] = request
        for ref, request in running.items():
            # What has not found a place yet would look at its file only there.
            if is_there(request, "stop") and not is_there(request, "begun") and request["id"] not in cancelled:
                cancelled.add(request["id"])
                ray.cancel(ref)
        done = ray.wait(list(running), timeout=0.5)[0] if running else []
        if not running:
            time.sleep(0.5)
        for ref in done:
            request = running.pop(ref)
            try:
                how = ray.get(ref)
            except ray.exceptions.TaskCancelledError:
                how = {"status": STOPPED}
            except ray.exceptions.RayTaskError as error:
                how = {"sentence": f"it could not be started there ({error.cause})."}
            except Exception as error:
                how = {"sentence": f"Ray gave it up after {RETRIES + 1} attempts: {type(error).__name__}."}
            tell({"id": request["id"], **how})


if __name__ == "__main__":
    try:
        serve(sys.argv[1])
    except ModuleNotFoundError as error:
        print(f"{sys.executable} on {os.uname().nodename} has no module {error.name}.", flush=True)
        sys.exit(2)
