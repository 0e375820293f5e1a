//! Many donations in one request.

use almoner_kernel::id::DonationEntity;

use super::bodies::{DonationBody, DonationPatchBody, NewDonationBody};
use crate::batch::batch_operation;

batch_operation! {
    name: batch_donations,
    domain: donations "donations",
    entity: DonationEntity,
    permissions: [DonationsCreate, DonationsUpdate, DonationsDelete],
    bodies: [NewDonationBody, DonationPatchBody, DonationBody],
    with: [],
}
