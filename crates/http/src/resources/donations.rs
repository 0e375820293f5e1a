//! What donations can do beside what every kind of record can.

pub(crate) mod summary;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(summary::summarise_donations);
}
