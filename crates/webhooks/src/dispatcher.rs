//! From changes to deliveries: nothing is lost, and nothing is told twice.

use std::sync::Arc;

use almoner_kernel::{
    Clock, DeliveryId, Feed, Ids, Notice, StoreError,
    id::{Entity, WebhookEntity},
};

use crate::{Delivery, Outbox, Webhook};

/// Changes that are read at once.
const PAGE: u32 = 500;

/// After so many changes that nobody is told of, the position is stored all the same: a restart does
/// not read them again.
const LAG: i64 = 1_000;

/// Follows the feed and stores what webhooks are told.
///
/// Deliveries are stored together with the position up to which the feed was read, and only from the
/// position that was stored before: of several instances one gets through, the others go on from
/// there. Which webhooks there are is known from the feed as well: their changes are in it, and a
/// change that a webhook must be told of lies behind the one that made it.
pub struct Dispatcher {
    feed: Arc<dyn Feed>,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    place: Option<Place>,
}

struct Place {
    /// The position in storage, as far as it is known here.
    stored: i64,
    /// Up to where the feed was read.
    read: i64,
    active: Vec<Webhook>,
}

impl Dispatcher {
    /// A dispatcher over its ports.
    pub const fn new(
        feed: Arc<dyn Feed>,
        outbox: Arc<dyn Outbox>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self { feed, outbox, clock, ids, place: None }
    }

    /// Waits for changes and stores what is to be told of them. After an error it can be called
    /// again: it goes on from what is stored. Dropping it half-way loses nothing.
    ///
    /// # Errors
    /// When storage is away.
    pub async fn step(&mut self) -> Result<(), StoreError> {
        // What is only half done is begun anew.
        let mut place = match self.place.take() {
            Some(place) => place,
            None => self.find_place().await?,
        };
        self.feed.beyond(place.read).await;
        let notices = self.feed.after(place.read, PAGE).await?;
        let Some(last) = notices.last().map(|notice| notice.position) else {
            self.place = Some(place);
            return Ok(());
        };
        if notices.iter().any(|notice| notice.entity == WebhookEntity::NAME) {
            place.active = self.outbox.active().await?;
        }
        let at = self.clock.now();
        let deliveries: Vec<Delivery> = notices
            .iter()
            .flat_map(|notice| told(&place.active, notice).map(move |webhook| (webhook, notice)))
            .map(|(webhook, notice)| {
                Delivery::of(DeliveryId::new(self.ids.next()), webhook, notice, at)
            })
            .collect();
        let is_far = !place.active.is_empty() && last - place.stored >= LAG;
        if !deliveries.is_empty() || is_far {
            if !self.outbox.put(place.stored, last, &deliveries, at).await? {
                // Another instance was faster; the next step begins where it is.
                return Ok(());
            }
            place.stored = last;
        }
        place.read = last;
        self.place = Some(place);
        Ok(())
    }

    /// Where to go on. While nobody is told anything the stored position stays behind; no webhook is
    /// told of what lies before it was switched on.
    async fn find_place(&self) -> Result<Place, StoreError> {
        // In this order: a webhook that is not among the active ones has its change behind the head,
        // and behind every position up to which another instance had told by then.
        let head = self.feed.head().await?;
        let stored = self.outbox.position().await?;
        let active = self.outbox.active().await?;
        let first = active.iter().map(|webhook| webhook.since).min().unwrap_or(head);
        Ok(Place { stored, read: stored.max(first.min(head)), active })
    }
}

fn told<'a>(active: &'a [Webhook], notice: &'a Notice) -> impl Iterator<Item = &'a Webhook> {
    active.iter().filter(move |webhook| {
        notice.position > webhook.since && webhook.events.has(&notice.entity, &notice.action)
    })
}
