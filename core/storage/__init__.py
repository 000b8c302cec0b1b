"""What is kept: SQLAlchemy Core tables on SQLite or PostgreSQL, content-addressed blobs, the audit chain.

Every function takes an open connection, so that a service composes several in one transaction::

    with database.write() as tx:
        verdict = verdicts.add(tx, new)
        audit.append(tx, actor_id=actor.id, kind="verdict", workspace=name, subject={"verdict": verdict.id})
"""
