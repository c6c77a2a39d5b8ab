"""What is under way for a tab of the browser, so that it ends with the tab: nobody would read it, and others want its seat."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

Step = TypeVar("Step")


class Tabs:
    """The open tabs that wait for something, by Gradio's name for each."""

    def __init__(self) -> None:
        """None waits yet."""
        self._waiting: dict[str, set[asyncio.Future[Any]]] = {}

    async def until_closed(self, tab: str, steps: AsyncIterator[Step]) -> AsyncIterator[Step]:
        """The same steps; where the tab is closed they end, and what the next one was waiting for is cancelled."""
        while True:
            coming = asyncio.ensure_future(anext(steps, None))
            self._waiting.setdefault(tab, set()).add(coming)
            try:
                step = await coming
            except asyncio.CancelledError:
                task = asyncio.current_task()
                # The tab was closed; or else the answer was stopped, and then the task itself has to end.
                if task and task.cancelling():
                    raise
                return
            finally:
                self._no_longer(tab, coming)
            if step is None:
                return
            yield step

    def closed(self, tab: str) -> None:
        """End what is under way for a tab."""
        for coming in self._waiting.get(tab, ()):
            coming.cancel()

    def _no_longer(self, tab: str, coming: "asyncio.Future[Any]") -> None:
        self._waiting[tab].discard(coming)
        if not self._waiting[tab]:
            del self._waiting[tab]
