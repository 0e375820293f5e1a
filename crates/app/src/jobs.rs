//! Jobs in the running server: who does them, when, and the worker that takes them from the queue.
//!
//! A kind of job is added by writing its `JobHandler` and naming it in [`handlers`]; one that is done
//! again and again also gets its line in [`plans`].

mod attempt;
pub mod housekeeping;
pub mod standing;
pub mod worker;

use std::sync::Arc;

use almoner_adapters::trusted::TrustedTime;
use almoner_http::Domains;
use almoner_jobs::{Plan, Rule};
use almoner_kernel::JobHandler;
use anyhow::Context as _;

use crate::{assembly::Office, config::Config, webhooks};

/// What does the jobs of each kind: the one place where a handler is registered.
///
/// # Errors
/// When a handler cannot be made.
pub fn handlers(
    office: &Office,
    config: &Config,
    domains: &Domains,
    time: &Arc<TrustedTime>,
) -> anyhow::Result<Vec<Arc<dyn JobHandler>>> {
    let mut handlers = housekeeping::handlers(office, config, time);
    handlers.extend(office.mail_jobs(config, domains)?);
    handlers.push(Arc::new(webhooks::deliverer(office, config, time)?));
    Ok(handlers)
}

/// What is done again and again, and when.
///
/// # Errors
/// When a time is written wrongly, which a test would have found.
pub fn plans(config: &Config) -> anyhow::Result<Vec<Plan>> {
    housekeeping::TIMES
        .into_iter()
        .map(|(name, cron)| {
            let rule = Rule::parse(cron, config.time_zone)
                .with_context(|| format!("the schedule {name} cannot be read"))?;
            Ok(Plan { name, rule })
        })
        .collect()
}
