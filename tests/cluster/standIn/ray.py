"""Stands for Ray in tests: tasks run in two threads of the driver's own process. What is tested with it is everything around Ray; Ray itself
is tested by `npm run test:cluster`."""

import concurrent.futures
import time
import types


class TaskCancelledError(Exception):
    pass


class RayTaskError(Exception):
    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


exceptions = types.SimpleNamespace(TaskCancelledError=TaskCancelledError, RayTaskError=RayTaskError)
pool = concurrent.futures.ThreadPoolExecutor(max_workers=2)


def init(log_to_driver):
    pass


class Task:
    def __init__(self, function):
        self.function = function

    def options(self, num_cpus, memory, name, max_retries):
        return self

    def remote(self, *given):
        return pool.submit(self.function, *given)


remote = Task


def wait(tasks, timeout):
    end = time.time() + timeout
    while time.time() < end and not any(task.done() for task in tasks):
        time.sleep(0.05)
    done = [task for task in tasks if task.done()]
    return done, [task for task in tasks if not task.done()]


def get(task):
    if task.cancelled():
        raise TaskCancelledError
    try:
        return task.result()
    except Exception as error:
        raise RayTaskError(error) from error


def cancel(task):
    task.cancel()
