"""
A child process for work that must not harm the node: started on need, bounded, kept for a while.

Its memory is bounded from the start, its time by each request: seconds of the processor, which
are fair on a busy machine, and seconds by the clock, after which it is killed. A child that has
nothing to do ends itself. What is said to it is `edge_node.notary.wire`, and what it answers is
believed by nobody here.

One `Hired` is one child and one lock. Each lane has its own, so that one that waits for a large
file keeps no other from its work; the lock is for whoever shares one all the same.
"""

from __future__ import annotations

import math
import os
import resource
import select
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.hiring import ChildMissing, CutOff, Ending, Lost
from edge_node.adapters.pulse import beat
from edge_node.domain.message import say
from edge_node.notary.binding import close_memory
from edge_node.notary.wire import TO_PARENT, Garbled, HungUp, Packet, clean, receive, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from edge_node.adapters.hiring import Post, Span

_OUT_OF_MEMORY: Final = 70  # exit status of `edge_node.notary.child`
_STARTING: Final = timedelta(seconds=60)  # it takes one; a machine that is just booting, many
_ENDING: Final = 5.0  # seconds for a process that has closed its socket to be gone
_LINGERING: Final = 30.0  # seconds past its idle time, after which a child does not go by itself
_DESCRIPTORS: Final = 64


class Hired:
    """One child at a time, another after it is lost."""

    def __init__(self, post: Post) -> None:
        """Start nothing yet."""
        self._post = post
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._stuck: list[_Child] = []  # killed, and not gone yet: in a call that nothing ends
        self._ended = False

    def ask(self, packet: Packet, span: Span, *, once: bool = False) -> Packet:
        """
        Return the answer to a request, of a new child where the old one is gone.

        A child that was lost over a request had perhaps been harmed by an earlier one, or went
        with the thread that had started it: a fresh one is asked once more, unless it was time
        that ran out or it must be asked ``once``. `Lost` where that does not help; `ChildMissing`,
        and then nobody was asked, unless it is `CutOff`.
        The files of the packet stay open, and are the caller's.
        """
        with self._lock:
            places = _places(packet.files)
            while True:
                child = self._present()
                _put_back(places)  # a child that was lost may have read on
                worked, child.worked = child.worked, True
                try:
                    return child.ask(packet, span)
                except BaseException as error:
                    self._child = None  # whatever it still says would be taken for an answer
                    self._end(child)
                    if self._ended:
                        raise _ending(CutOff) from error
                    again = isinstance(error, Lost) and error.ending is not Ending.OVERDUE
                    if once or not (again and worked):
                        raise

    def drop(self) -> None:
        """End a child whose answers make no sense; the next request starts another."""
        with self._lock:
            if self._child is not None:
                self._end(self._child)
                self._child = None

    def tidy(self) -> None:
        """Take note of a child that has gone for want of work, or should have; costs nothing."""
        if self._lock.acquire(blocking=False):
            try:
                self._forget_the_gone()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the child, whatever it is at; nothing can be asked any more."""
        self._ended = True
        child = self._child
        if child is not None:
            child.kill()  # before the lock: whoever waits for its answer is let go
        with self._lock:
            if self._child is not None:
                self._end(self._child)
                self._child = None

    @property
    def pid(self) -> int | None:
        """The child that is kept, if any."""
        child = self._child
        return child.pid if child is not None else None

    def _present(self) -> _Child:
        self._demand_going_on()
        self._forget_the_gone()
        if self._child is None:
            self._child = self._started()
        return self._child

    def _started(self) -> _Child:
        """Return a new child, which `close` can end while it is being waited for."""
        self._child = child = _Child(self._post)
        try:
            self._demand_going_on()  # as it may have ended since, and nobody saw this one
            child.greet()
        except BaseException as error:
            self._child = None
            self._end(child)
            if self._ended:
                raise _ending() from error
            raise
        return child

    def _end(self, child: _Child) -> None:
        """End a child; one that is not gone in time is waited for later, and not by us."""
        if not child.end():
            self._stuck.append(child)

    def _demand_going_on(self) -> None:
        if self._ended:
            raise _ending()

    def _forget_the_gone(self) -> None:
        self._stuck = [child for child in self._stuck if not child.buried()]
        if self._child is not None and (self._child.gone or self._child.lingers):
            self._end(self._child)
            self._child = None


def _places(files: Iterable[int]) -> dict[int, int]:
    """Return how far each file was read; whoever has it shares the place, a child as well."""
    places: dict[int, int] = {}
    for file in files:
        with suppress(OSError):  # a pipe has no place
            places[file] = os.lseek(file, 0, os.SEEK_CUR)
    return places


def _put_back(places: Mapping[int, int]) -> None:
    for file, place in places.items():
        os.lseek(file, place, os.SEEK_SET)


class _Child:
    """A process, and our end of its socket."""

    def __init__(self, post: Post) -> None:
        """Start it; `ChildMissing`."""
        self.worked = False
        self.fenced = False
        self._idle = post.idle.total_seconds()
        self._rests = time.monotonic()  # since when it has nothing to do
        self._limits = post.limits
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                self._running = _start(post, theirs.fileno())
        except OSError as error:
            self._connection.close()
            raise _missing(error.strerror or type(error).__name__) from error

    def greet(self) -> None:
        """Bind it and wait until it can work; `ChildMissing`."""
        try:
            self._bound()
            greeting = self._receive(_until(_STARTING))
        except (Lost, OSError) as error:  # it is gone, or may not be bound: then it does not work
            raise _missing(type(error).__name__) from error
        fenced, failed = greeting.body.get("fenced"), greeting.body.get("failed")
        if not isinstance(fenced, bool):
            raise _missing(clean(failed) if isinstance(failed, str) else "?")
        self.fenced = fenced
        self._rests = time.monotonic()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._running.pid

    @property
    def gone(self) -> bool:
        """Whether it has ended; its number stays its own until `end`."""
        return self._over(0)

    @property
    def lingers(self) -> bool:
        """Whether it should have ended for want of work, and computes on for whom nobody knows."""
        return time.monotonic() - self._rests > self._idle + _LINGERING

    def ask(self, packet: Packet, span: Span) -> Packet:
        """Return its answer; `Lost`."""
        wait = _until(span.clock)
        self._give(span.processor)
        self._let_write(span.writes)
        try:
            send(self._connection, packet, self._waiting(wait))
        except TimeoutError as error:
            raise self._overdue() from error
        except HungUp:
            pass  # what it said before it went, or how it went, tells more
        answer = self._receive(wait)
        self._rests = time.monotonic()
        beat()
        return answer

    def kill(self) -> None:
        """End the process and what it may have started, from whatever thread."""
        if self._running.returncode is None:  # else its number may be another's by now
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # it leads a session, which it cannot leave

    def end(self) -> bool:
        """
        End the process and let nothing of it stay; False where it is not gone in time.

        A driver of a token may hang in the kernel, where no signal reaches it.
        """
        self.kill()
        self._connection.close()
        return self.buried(_ENDING)

    def buried(self, within: float = 0) -> bool:
        """Return whether a process that was killed is gone, in so many seconds; take it away."""
        try:
            self._running.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _receive(self, wait: Callable[[], float]) -> Packet:
        try:
            return receive(self._connection, TO_PARENT, self._waiting(wait))
        except TimeoutError as error:
            raise self._overdue() from error
        except Garbled as error:
            raise Lost(Ending.GARBLED) from error
        except HungUp as error:
            raise self._lost() from error

    def _waiting(self, wait: Callable[[], float]) -> Callable[[], None]:
        return lambda: self._connection.settimeout(wait())

    def _overdue(self) -> Lost:
        self.kill()
        return Lost(Ending.OVERDUE)

    def _lost(self) -> Lost:
        """Return how a child went that has closed its end of the socket."""
        if not self._over(_ENDING):
            return Lost(Ending.GARBLED)
        self.kill()  # before its number is given back: whatever it has left behind
        status = self._running.wait()
        endings = {
            -signal.SIGKILL: Ending.KILLED,
            -signal.SIGXCPU: Ending.OVERDUE,
            _OUT_OF_MEMORY: Ending.EXHAUSTED,
        }
        return Lost(endings.get(status, Ending.CRASHED), status)

    def _over(self, within: float) -> bool:
        """Return whether it ends in so many seconds; its status is left where it is."""
        if self._running.returncode is not None:
            return True
        watched = os.pidfd_open(self.pid)
        try:
            waiting = select.poll()
            waiting.register(watched, select.POLLIN)
            return bool(waiting.poll(within * 1000))
        finally:
            os.close(watched)

    def _bound(self) -> None:
        """
        Set what it may use, before it is given anything to read.

        From here, because nothing has to run between fork and exec for that; prlimit(2) on
        another process of the same user needs no rights, and is what setrlimit(3) calls as well.
        """
        limits = {
            resource.RLIMIT_AS: self._limits.memory,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_FSIZE: self._limits.writes,
            resource.RLIMIT_NOFILE: _DESCRIPTORS,
        }
        if not self._limits.starts:
            limits[resource.RLIMIT_NPROC] = 0
        for kind, most in limits.items():
            _, highest = resource.prlimit(self.pid, kind)
            lowest = most if highest == resource.RLIM_INFINITY else min(most, highest)
            resource.prlimit(self.pid, kind, (lowest, lowest))

    def _give(self, processor: timedelta) -> None:
        """Let it compute for so long from now on; whole seconds are all a kernel counts."""
        with suppress(OSError):  # it is gone, which its answer shows; or may not have so much
            used = time.clock_gettime(_clock_of(self.pid))
            most = math.ceil(used + processor.total_seconds())
            _, highest = resource.prlimit(self.pid, resource.RLIMIT_CPU)
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (most, highest))

    def _let_write(self, most: int | None) -> None:
        """Let files become so large, within its limits."""
        allowed = self._limits.writes
        if allowed:
            with suppress(OSError):  # it is gone, which its answer shows
                now = allowed if most is None else min(most, allowed)
                _, highest = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (min(now, highest), highest))


def _start(post: Post, descriptor: int) -> subprocess.Popen[bytes]:
    close_memory()  # which holds the secret of the axis; a child of the same user could open it
    told = (str(descriptor), str(os.getpid()), str(post.idle.total_seconds()))
    return subprocess.Popen(  # noqa: S603 - our own module
        (*post.command, *told),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        env=dict(post.environment),
        cwd="/",
        start_new_session=True,
    )


def _until(span: timedelta) -> Callable[[], float]:
    """Return what tells the seconds that are left; TimeoutError once there are none."""
    ends = time.monotonic() + span.total_seconds()

    def left() -> float:
        rest = ends - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        return rest

    return left


def _clock_of(pid: int) -> int:
    """Return the clock of a process's use of the processor, as clock_getcpuclockid(3) does."""
    return ~pid << 3 | 2


def _missing(reason: str) -> ChildMissing:
    return ChildMissing(
        say("a child process for signatures does not start: {reason}", reason=reason),
        hint=say("install the package anew; if memory is short, make room"),
    )


def _ending(kind: type[ChildMissing] = ChildMissing) -> ChildMissing:
    return kind(say("the node is ending"), hint=say("it goes on when the node runs again"))
