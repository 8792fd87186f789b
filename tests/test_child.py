"""A function in a child process: its messages arrive, its limits hold, and it leaves no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from search.child import Limits, peak_memory, run_in_child


def run(function, argument=None, **limits):
    messages = []
    outcome = run_in_child(function, argument, messages.append, limits=Limits(**limits))
    return outcome, messages


def talk(argument, send):
    print("a model that prints")
    os.write(1, b"a library that prints\n")
    send({"argument": argument})
    send({"pid": os.getpid()})


def hang(argument, send):
    send({"pid": os.getpid()})
    time.sleep(600)


def hang_with_a_child(argument, send):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    send({"pid": os.getpid(), "child": child.pid})
    time.sleep(600)


def eat(argument, send):
    eaten = []
    while True:
        eaten.append(np.ones(1_000_000))
        time.sleep(0.005)


def remember(argument, send):
    held = np.ones(argument // 8)
    del held
    send({"peak": peak_memory()})


def crash(argument, send):
    os.kill(os.getpid(), argument)


def leave(argument, send):
    os._exit(argument)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(*pids: int) -> bool:
    deadline = time.monotonic() + 20
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_running, pids))


def test_messages_arrive_whatever_else_is_printed():
    outcome, messages = run(talk, {"a": [1, 2]})
    assert (outcome.status, outcome.error) == ("complete", None)
    assert messages[0] == {"argument": {"a": [1, 2]}}
    assert messages[1]["pid"] != os.getpid()


def test_a_function_of_the_users_script_needs_no_module():
    scale = 3
    _, messages = run(lambda argument, send: send({"scaled": scale * argument}), 14)
    assert messages == [{"scaled": 42}]


def test_a_child_that_hangs_is_ended_with_all_that_it_started():
    outcome, messages = run(hang_with_a_child, seconds=3)
    assert (outcome.status, outcome.error) == ("timed out", "ended at its time limit of 3 s")
    assert wait_until_gone(*messages[0].values())


def test_a_child_that_eats_memory_is_ended():
    outcome, _ = run(eat, memory=300 * 2**20)
    assert outcome.status == "out of memory"
    assert outcome.error == "ended at its memory limit of 300 MiB"
    assert 300 * 2**20 < outcome.peak_memory < 3_000 * 2**20


def test_peak_memory_is_the_highest_not_the_last():
    held = 400 * 2**20
    _, messages = run(remember, held)
    assert held < messages[0]["peak"] < held + 200 * 2**20


@pytest.mark.parametrize(
    ("function", "argument", "status", "error"),
    [
        (crash, signal.SIGSEGV, "failed", "its process ended with SIGSEGV"),
        (crash, signal.SIGKILL, "out of memory", "killed by the system"),
        (leave, 3, "failed", "its process ended with exit status 3"),
    ],
)
def test_a_child_that_dies_says_how(function, argument, status, error):
    outcome, _ = run(function, argument)
    assert outcome.status == status
    assert error in (outcome.error or "")


def test_an_error_while_a_message_is_received_ends_the_child():
    seen = []

    def receive(message):
        seen.append(message["pid"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_in_child(hang, None, receive, limits=Limits())
    assert wait_until_gone(*seen)


def test_a_child_ends_when_its_parent_is_killed():
    code = (
        "import sys\n"
        "from search.child import Limits, run_in_child\n"
        "from tests.test_child import hang_with_a_child\n"
        "def show(message): print(message['pid'], message['child'], flush=True)\n"
        "run_in_child(hang_with_a_child, None, show, limits=Limits())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(is_running, pids))
        parent.kill()
    assert wait_until_gone(*pids)
