//! Records that have been in the trash for long are destroyed, by the rules of their own domain: what
//! still has donations stays.

use std::{sync::Arc, time::Duration};

use almoner_donations::{
    Campaign, CampaignQuery, CampaignService, Donation, DonationQuery, DonationService,
    DonationsError, Donor, DonorQuery, DonorService,
};
use almoner_kernel::{
    Attempt, Context, Fault, JobError, JobHandler, Page, PageRequest, Position, Progress,
    Timestamp, Trash,
};
use async_trait::async_trait;

use super::{House, TRASH};
use crate::{assembly::Office, config::Config};

/// Records that are read at once.
const PAGE: u32 = 100;

pub struct EmptyTrash {
    donors: DonorService,
    campaigns: CampaignService,
    donations: DonationService,
    house: House,
    keep: Duration,
}

impl EmptyTrash {
    pub fn new(office: &Office, config: &Config, house: House) -> Self {
        let store = Arc::new(office.store.clone());
        let ids = || Arc::clone(&office.ids);
        Self {
            donors: DonorService::new(store.clone(), ids()),
            campaigns: CampaignService::new(store.clone(), ids()),
            donations: DonationService::new(store, ids(), config.currencies.clone()),
            house,
            keep: config.trash_keep,
        }
    }

    fn context(&self) -> Context {
        self.house.context(TRASH)
    }
}

#[async_trait]
impl JobHandler for EmptyTrash {
    fn kind(&self) -> &'static str {
        TRASH
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        let before = self.house.ago(self.keep)?;
        let mut sweep = Sweep { before, seen: 0, gone: 0, progress };
        // Donations first: they keep their donors and campaigns.
        sweep.all(self, &self.donations).await?;
        sweep.all(self, &self.campaigns).await?;
        sweep.all(self, &self.donors).await?;
        if sweep.gone > 0 {
            tracing::info!(records = sweep.gone, "destroyed what had been in the trash for long");
        }
        Ok(())
    }
}

struct Sweep<'a> {
    before: Timestamp,
    seen: u64,
    gone: u64,
    progress: &'a dyn Progress,
}

impl Sweep<'_> {
    /// Goes through one kind of record in the trash, page by page.
    async fn all<K: Kind>(&mut self, trash: &EmptyTrash, kind: &K) -> Result<(), JobError> {
        let mut after: Option<Position> = None;
        loop {
            let request = PageRequest { limit: PAGE, after, ..PageRequest::default() };
            let page = kind.in_trash(&trash.context(), &request).await.map_err(failed)?;
            for record in &page.items {
                self.seen += 1;
                if K::deleted_at(record).is_none_or(|at| at >= self.before) {
                    continue;
                }
                match kind.destroy(&trash.context(), record).await {
                    Ok(()) => self.gone += 1,
                    // It has donations, or somebody was at it in this very moment.
                    Err(
                        DonationsError::HasDonations
                        | DonationsError::NotFound
                        | DonationsError::NotInTrash
                        | DonationsError::Stale(_),
                    ) => {}
                    Err(error) => return Err(failed(error)),
                }
            }
            self.progress.report(self.seen, None).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

/// A kind of record that has a trash.
#[async_trait]
trait Kind: Sync {
    type Record: Send + Sync;

    async fn in_trash(
        &self,
        cx: &Context,
        page: &PageRequest,
    ) -> Result<Page<Self::Record>, DonationsError>;

    fn deleted_at(record: &Self::Record) -> Option<Timestamp>;

    async fn destroy(&self, cx: &Context, record: &Self::Record) -> Result<(), DonationsError>;
}

macro_rules! kinds {
    ($($service:ty, $record:ty, $query:ident;)+) => {$(
        #[async_trait]
        impl Kind for $service {
            type Record = $record;

            async fn in_trash(
                &self,
                cx: &Context,
                page: &PageRequest,
            ) -> Result<Page<$record>, DonationsError> {
                let query = $query { trash: Trash::Only, ..$query::default() };
                self.list(cx, &query, page).await
            }

            fn deleted_at(record: &$record) -> Option<Timestamp> {
                record.deleted_at
            }

            async fn destroy(&self, cx: &Context, record: &$record) -> Result<(), DonationsError> {
                self.purge(cx, record.id, record.version).await
            }
        }
    )+};
}

kinds! {
    DonationService, Donation, DonationQuery;
    CampaignService, Campaign, CampaignQuery;
    DonorService, Donor, DonorQuery;
}

fn failed(error: DonationsError) -> JobError {
    let reason = format!("the trash cannot be emptied: {}", error.code());
    JobError::Retry { reason, after: None, source: Some(Box::new(error)) }
}
