"""The databases that the ledger's contract is held on: a SQLite file, and a real PostgreSQL."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

DEFAULT = "postgresql+psycopg://postgres@127.0.0.1/test"


def postgres_server() -> sa.URL:
    """The PostgreSQL server of the tests; the test says so and skips where there is none."""
    url = sa.make_url(os.environ.get("MINTMARK_TEST_POSTGRES", DEFAULT))
    url = url.set(drivername="postgresql+psycopg")
    try:
        engine = sa.create_engine(url, connect_args={"connect_timeout": 3})
        with engine.connect():
            engine.dispose()
            return url
    except (sa.exc.OperationalError, ImportError):
        pytest.skip("needs a PostgreSQL server (MINTMARK_TEST_POSTGRES), and there is none here")


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that nothing was ever done to: a new file, or a new schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.db"
        return
    server = postgres_server()
    schema = f"mintmark_{os.getpid()}_{tmp_path.name}"
    _admin(server, f'CREATE SCHEMA "{schema}"')
    url = server.set(query={"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    _admin(server, f'DROP SCHEMA "{schema}" CASCADE')


@pytest.fixture
def edit(fresh_url: str) -> Callable[..., None]:
    """Run SQL on the database behind the ledger's back, as its owner could."""

    def run(*statements: str) -> None:
        engine = sa.create_engine(fresh_url)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    return run


def _admin(server: sa.URL, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
