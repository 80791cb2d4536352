"""The database: one writer task with group commit, readers, migrations, the data folder's lock.

    write   callers hand a function and await; a batch of them runs in one hop to the writer's thread as
            BEGIN IMMEDIATE, a SAVEPOINT for each, COMMIT; after the COMMIT the callers go on
    read    a function runs in one hop on a `mode=ro` connection, within one snapshot

A store function is plain and synchronous: `def f(tx: Transaction, *, …)`. A use case composes several of
them in one `Database.write`. Only this room imports a driver.
"""

from bot.db.connection import Params, Reader, Row, Transaction
from bot.db.database import Database
from bot.db.lock import lock_data_folder
from bot.db.readers import Readers

__all__ = ["Database", "Params", "Reader", "Readers", "Row", "Transaction", "lock_data_folder"]
