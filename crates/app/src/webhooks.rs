//! Webhooks in the running server: what follows the feed, and what makes the calls.

use std::{sync::Arc, time::Duration};

use almoner_adapters::{trusted::TrustedTime, webhooks::Caller};
use almoner_kernel::{Attempt, DeliveryId, JobError, JobHandler, Patience, Progress};
use almoner_webhooks::{Deliverer, Dispatcher, Trust, delivery::DELIVER};
use anyhow::Context as _;
use async_trait::async_trait;

use crate::{assembly::Office, config::Config, tended::tended};

/// How long storage that is away is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// What makes the calls.
///
/// # Errors
/// When TLS cannot be set up.
pub fn deliverer(
    office: &Office,
    config: &Config,
    time: &Arc<TrustedTime>,
) -> anyhow::Result<DeliverWebhooks> {
    let store = Arc::new(office.store.clone());
    let caller = Caller::new(config.webhooks_allow_private).context("cannot set up TLS")?;
    let clock = Arc::clone(&office.clock);
    let time: Arc<dyn Trust> = Arc::clone(time) as Arc<dyn Trust>;
    Ok(DeliverWebhooks(Deliverer::new(store.clone(), store, Arc::new(caller), clock, time)))
}

/// Turns changes into deliveries for as long as it is polled.
pub fn tell(office: &Office) -> impl Future<Output = ()> + use<> {
    let store = Arc::new(office.store.clone());
    let (clock, ids) = (Arc::clone(&office.clock), Arc::clone(&office.ids));
    tended("webhooks", move || {
        let (clock, ids) = (Arc::clone(&clock), Arc::clone(&ids));
        let mut dispatcher = Dispatcher::new(store.clone(), store.clone(), clock, ids);
        async move {
            loop {
                if let Err(error) = dispatcher.step().await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "webhooks cannot be told of changes");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

/// Makes one attempt at a delivery.
pub struct DeliverWebhooks(Deliverer);

/// What the job says.
#[derive(serde::Deserialize)]
struct Payload {
    delivery: uuid::Uuid,
}

#[async_trait]
impl JobHandler for DeliverWebhooks {
    fn kind(&self) -> &'static str {
        DELIVER
    }

    /// The delivery decides when it is tried again and when it is given up; an attempt that is put
    /// off because its receiver fails does not count there.
    fn patience(&self) -> Patience {
        Patience { attempts: 100_000, ..Patience::default() }
    }

    async fn run(&self, attempt: &Attempt, _: &dyn Progress) -> Result<(), JobError> {
        let payload: Payload = serde_json::from_str(&attempt.payload)
            .map_err(|_| JobError::give_up("the payload names no delivery"))?;
        self.0.deliver(DeliveryId::new(payload.delivery)).await
    }
}
