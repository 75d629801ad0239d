"""Runs the migrations on the connection that `migrating` hands over."""

from alembic import context
from sqlmodel import SQLModel

import app.store.tables  # noqa: F401  (fills the metadata that autogenerate compares with)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
