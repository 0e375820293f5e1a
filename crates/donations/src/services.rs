//! The use cases, one service for each kind of record. Each reads: permit, decide, begin, load, pure
//! transition, save, commit.

mod campaigns;
mod donations;
mod donors;

pub use campaigns::CampaignService;
pub use donations::DonationService;
pub use donors::DonorService;
