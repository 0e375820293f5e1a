//! What donors can do beside what every kind of record can.

mod personal;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(personal::reveal_donor);
}
