"""Several calls to a vendor at a time, their answers in order, stoppable at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from chatbuilder.provision.crew import Crew, Tell
from chatbuilder.provision.outside.desk import Cancelled

T = TypeVar("T")


def in_order(
    owner: str, works: Sequence[Callable[[], T]], width: int, cancelled: Callable[[], bool], tell: Tell
) -> Iterator[T]:
    """Do pieces of work, `width` at a time on threads of their own; yield what they return in their order.

    Raises what the first that fails raises, after the results of those before it, and `Cancelled`. What is under way
    then is left behind (`crew` has the rules).
    """
    crew = Crew(owner, tell, aside=True)
    ended: dict[int, tuple[T, BaseException | None]] = {}
    begun = 0
    try:
        for wanted in range(len(works)):
            while wanted not in ended:
                while begun < len(works) and begun - wanted - len(ended) < width:
                    crew.start(str(begun), works[begun])
                    begun += 1
                if cancelled():
                    raise Cancelled
                if (news := crew.next()) is not None:
                    ended[int(news.key)] = (news.result, news.error)
            result, error = ended.pop(wanted)
            if error is not None:
                raise error
            yield result
    finally:
        crew.leave()
