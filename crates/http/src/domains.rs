//! The use cases the resources call: one service for each kind of record.

use std::sync::Arc;

use almoner_accounts::{Administration, Authentication, Profile, Recovery, Roles, Sessions};
use almoner_audit::Audit;
use almoner_donations::Summaries;
use almoner_jobs::JobService;
use almoner_kernel::Region;
use almoner_mail::MailService;
use almoner_records::{Registry, Served};
use almoner_webhooks::WebhookService;

/// The use cases of every domain; a handler takes `web::Data<Domains>`.
pub struct Domains {
    /// Every kind of record and every permission.
    pub registry: &'static Registry,
    /// The use cases of each kind of record, in the order of the registry.
    pub kinds: Vec<Arc<dyn Served>>,
    /// Logging in and out.
    pub authentication: Authentication,
    /// One's own sessions.
    pub sessions: Sessions,
    /// One's own user and password.
    pub profile: Profile,
    /// Choosing a password with a link.
    pub recovery: Recovery,
    /// Users.
    pub users: Administration,
    /// Roles.
    pub roles: Roles,
    /// Sums of donations.
    pub donations: Summaries,
    /// The change trail and the security events.
    pub audit: Audit,
    /// Jobs and schedules.
    pub jobs: JobService,
    /// Mails that were sent, or were not.
    pub mails: MailService,
    /// Webhooks and their deliveries.
    pub webhooks: WebhookService,
    /// The country whose national phone numbers are understood.
    pub region: Region,
}

impl Domains {
    /// The use cases of a kind, by its plural noun.
    pub fn kind(&self, many: &str) -> Option<&Arc<dyn Served>> {
        self.kinds.iter().find(|served| served.kind().many == many)
    }
}
