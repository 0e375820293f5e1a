//! Many campaigns in one request.

use almoner_kernel::id::CampaignEntity;

use super::bodies::{CampaignBody, CampaignPatchBody, NewCampaignBody};
use crate::batch::batch_operation;

batch_operation! {
    name: batch_campaigns,
    domain: campaigns "campaigns",
    entity: CampaignEntity,
    permissions: [CampaignsCreate, CampaignsUpdate, CampaignsDelete],
    bodies: [NewCampaignBody, CampaignPatchBody, CampaignBody],
    with: [],
}
