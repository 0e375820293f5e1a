//! The schema of a database on PostgreSQL, held against the one that the program itself makes: in a schema
//! of its own, inside a transaction that is taken back.

use almoner_migrations::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, TransactionTrait};
use sea_orm_migration::MigratorTrait;
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use super::objects::{Object, difference};

/// Where the schema is made anew. It is never seen by anybody else.
const SCRATCH: &str = "almoner_as_it_is_made";

/// Everything in the present schema that does something or keeps something from being done, but what
/// belongs to an extension.
const OBJECTS: &str = "
    SELECT 'trigger' AS kind, t.tgname::text AS name, c.relname::text AS of,
           pg_get_triggerdef(t.oid, true) || ' ' || t.tgenabled::text AS made
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'function', p.proname::text, '', concat_ws(' ', pg_get_function_arguments(p.oid),
           p.prosrc, p.provolatile, p.prosecdef, p.proconfig::text)
    FROM pg_proc p
    WHERE p.pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'column', c.relname || '.' || a.attname, c.relname::text, concat_ws(' ',
           format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attcollation,
           pg_get_expr(f.adbin, f.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND a.attnum > 0 AND NOT a.attisdropped
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'view', c.relname::text, '', pg_get_viewdef(c.oid, true)
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('v', 'm')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'index', i.relname::text, c.relname::text,
           replace(pg_get_indexdef(i.oid), ' ON ' || current_schema() || '.', ' ON ')
           || ' ' || x.indisvalid::text
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    WHERE c.relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'constraint', o.conname::text, c.relname::text,
           pg_get_constraintdef(o.oid, true) || ' ' || o.convalidated::text
    FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
    WHERE o.connamespace = current_schema()::regnamespace AND o.contype <> 't'
    UNION ALL
    SELECT 'rule', r.rulename::text, r.tablename::text, r.definition
    FROM pg_rules r WHERE r.schemaname = current_schema()
    UNION ALL
    SELECT 'policy', p.policyname::text, p.tablename::text, concat_ws(' ', p.cmd, p.qual, p.with_check)
    FROM pg_policies p WHERE p.schemaname = current_schema()";

/// The first difference, in words; none when there is none.
pub async fn catalog_difference(pool: &DatabaseConnection) -> Result<Option<String>, DbErr> {
    let found = objects(pool).await?;
    let scratch = pool.begin().await?;
    scratch.execute_unprepared(&format!("CREATE SCHEMA {SCRATCH}")).await?;
    scratch.execute_unprepared(&format!("SET LOCAL search_path TO {SCRATCH}")).await?;
    // An operator who reads of steps that are applied would take them for the real database's.
    Migrator::up(&scratch, None).with_subscriber(NoSubscriber::default()).await?;
    let ours = objects(&scratch).await?;
    scratch.rollback().await?;
    Ok(difference(&found, &ours))
}

async fn objects(connection: &impl ConnectionTrait) -> Result<Vec<Object>, DbErr> {
    let backend = connection.get_database_backend();
    let rows = connection.query_all_raw(Statement::from_string(backend, OBJECTS)).await?;
    let mut objects = rows
        .iter()
        .map(|row| {
            Ok(Object {
                kind: row.try_get("", "kind")?,
                name: row.try_get("", "name")?,
                table: row.try_get("", "of")?,
                sql: Some(row.try_get("", "made")?),
            })
        })
        .collect::<Result<Vec<_>, DbErr>>()?;
    objects.sort();
    Ok(objects)
}
