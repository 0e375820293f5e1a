//! What is given, by whom, and for what: donors, campaigns and donations, with the rules that keep
//! a donation from being lost, counted twice or changed behind somebody's back.

pub mod campaign;
pub mod donation;
pub mod donor;
pub mod summary;
pub mod words;

pub use campaign::{Campaign, CampaignId, CampaignPatch};
pub use donation::{Donation, DonationId, DonationPatch, Method, State};
pub use donor::{Donor, DonorId, DonorKind, DonorPatch};
pub use summary::{CampaignRef, GroupBy, Summaries, Summary, SummaryLine, SummaryQuery, Sums};

use almoner_kernel::Permission;

/// What a role may do beside what it may do with every kind of record.
pub const PERMISSIONS: &[Permission] = &[donor::REVEAL];

#[cfg(test)]
mod tests;
