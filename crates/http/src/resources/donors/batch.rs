//! Many donors in one request.

use almoner_kernel::id::DonorEntity;

use super::bodies::{DonorBody, DonorPatchBody, NewDonorBody};
use crate::batch::batch_operation;

batch_operation! {
    name: batch_donors,
    domain: donors "donors",
    entity: DonorEntity,
    permissions: [DonorsCreate, DonorsUpdate, DonorsDelete],
    bodies: [NewDonorBody, DonorPatchBody, DonorBody],
    with: [region],
}
