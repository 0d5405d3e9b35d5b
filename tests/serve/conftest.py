"""One server for the tests of a module, where it can be one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serve.ssh import Server, needed, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Anybody may come in."""
    needed("ssh")
    with serving(tmp_path_factory.mktemp("serve"), "--anonymous") as made:
        yield made
