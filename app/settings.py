"""Every setting: its type, its default, its reason. Read from the environment (`LEDGER_...`) and overridden by flags.

What belongs here: what an operator may choose. What does not: limits of the law (`domain`), facts of a database
(`store`).
"""

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.ids import is_ledger_name


class Settings(BaseSettings):
    """The operator's choices; every field is the environment variable `LEDGER_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="LEDGER_", extra="forbid", frozen=True)

    database_url: str = Field("sqlite:///./ledger.db", description="Where the ledger is: a SQLite file, or PostgreSQL.")
    host: str = Field("127.0.0.1", description="The address to listen on. Beyond loopback a bootstrap key is required.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Server processes; more than one needs PostgreSQL.")
    bootstrap_key: SecretStr | None = Field(
        None, min_length=16, description="An admin key: when set, every request must carry it as a bearer token."
    )
    auto_migrate: bool = Field(
        False, description="Migrate PostgreSQL when `serve` starts. SQLite is always migrated: nobody else uses it."
    )
    ledger: str = Field("main", description="The ledger that callers without one of their own use.")
    writer_group_max: int = Field(
        64, ge=1, le=10_000, description="Operations in one transaction, at most: where group commit has paid off."
    )
    writer_queue_max: int = Field(
        4_096, ge=1, description="Operations that may wait to be written; beyond it callers are refused as OVERLOADED."
    )
    feed_poll_seconds: float = Field(
        1.0, gt=0, le=60, description="How often the feed looks for events that no doorbell announced."
    )
    verify_events_per_step: int = Field(
        200, ge=0, description="Events that the background verification looks at in one step; 0 switches it off."
    )
    verify_rest_seconds: float = Field(0.05, ge=0, description="The rest between two steps of it.")
    fast_leaves: bool = Field(
        True, description="Resolve plain fields without GraphQL's per-field bookkeeping: 1.9 times the speed of a page."
    )
    graphiql: bool = Field(True, description="Serve GraphiQL to browsers at /graphql.")
    introspection: bool = Field(True, description="Answer introspection queries.")
    allowed_origins: tuple[str, ...] = Field(
        (), description="Origins of web pages elsewhere that may call this server (CORS and websockets)."
    )
    shutdown_seconds: int = Field(
        10, ge=1, description="How long a stopping server waits for open requests and streams before it cuts them."
    )
    failpoint: str | None = Field(None, description="For tests only: the named point at which the process dies.")

    @field_validator("ledger")
    @classmethod
    def _names_a_ledger(cls, name: str) -> str:
        if not is_ledger_name(name):
            words = "a ledger's name is 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit"
            raise PydanticCustomError("ledger_name", words)
        return name
