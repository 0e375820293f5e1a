//! Connections to PostgreSQL.

use std::{sync::Arc, time::Duration};

use almoner_kernel::StoreError;
use sea_orm::{
    ConnectOptions, Database as SeaOrm, DatabaseConnection,
    sqlx::{AssertSqlSafe, Executor, postgres::PgPoolOptions},
};

use super::PATIENCE;
use crate::{epoch::Ground, error::store_error};

/// A pool of them, tried out. None is used that leads elsewhere than the ground that was settled on.
pub async fn connected(
    url: String,
    max_connections: u32,
    ground: Arc<Ground>,
) -> Result<DatabaseConnection, StoreError> {
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(max_connections)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .map_sqlx_postgres_pool_opts(move |options| with_patience(options, &ground))
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .set_application_name("almoner")
        .sqlx_logging(false);
    SeaOrm::connect(connect).await.map_err(store_error)
}

/// Every connection gives up waiting for a lock: who stands behind a long transaction is answered too.
fn with_patience(options: PgPoolOptions, ground: &Arc<Ground>) -> PgPoolOptions {
    let ground = Arc::clone(ground);
    options.after_connect(move |connection, _| {
        let ground = Arc::clone(&ground);
        Box::pin(async move {
            let patience = format!("SET lock_timeout = {}", PATIENCE.as_millis());
            connection.execute(AssertSqlSafe(patience)).await?;
            ground.bears(connection).await
        })
    })
}
