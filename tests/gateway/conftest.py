"""A running gateway with an app behind it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.harness import RunningGateway, UpstreamApp, gateway_config, running_app

StartGateway = Callable[..., RunningGateway]


@pytest.fixture(scope="module")
def upstream() -> Iterator[tuple[UpstreamApp, int]]:
    with running_app() as running:
        yield running


@pytest.fixture(scope="module")
def start_gateway(
    upstream: tuple[UpstreamApp, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartGateway]:
    """Start gateways with changes to their configuration; all end with the module."""
    started: list[RunningGateway] = []

    def start(**changes: Any) -> RunningGateway:
        folder: Path = tmp_path_factory.mktemp("lesson")
        gateway = RunningGateway(folder, gateway_config(folder, upstream[1], **changes))
        started.append(gateway)
        gateway.start()
        gateway.wait_ready()
        return gateway

    yield start
    for gateway in started:
        gateway.close()


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> RunningGateway:
    """One that the tests of a module share."""
    return start_gateway()
