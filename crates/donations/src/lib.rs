//! What is given, by whom, and for what: donors, campaigns and donations, with the rules that keep
//! a donation from being lost, counted twice or changed behind somebody's back.

pub mod campaign;
pub mod donation;
pub mod donor;
pub mod error;
pub mod ports;
pub mod services;
pub mod summary;
pub mod words;

pub use campaign::{
    Campaign, CampaignDraft, CampaignPatch, CampaignQuery, CampaignRef, CampaignSort,
};
pub use donation::{
    Donation, DonationDraft, DonationPatch, DonationQuery, DonationSort, Method, State,
};
pub use donor::{
    Donor, DonorDraft, DonorKind, DonorLookup, DonorPatch, DonorQuery, DonorRef, DonorSort,
};
pub use error::DonationsError;
pub use ports::{Campaigns, CampaignsTx, Donations, DonationsTx, Donors, DonorsTx};
pub use services::{CampaignService, DonationService, DonorService};
pub use summary::{GroupBy, Summary, SummaryLine, SummaryQuery};

#[cfg(test)]
mod tests;
