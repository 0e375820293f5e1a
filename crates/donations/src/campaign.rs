//! A campaign: a purpose that donations are collected for.

use almoner_kernel::{
    Audited, CampaignId, FieldError, FieldValue, Invalid, Money, Patch, PersonName, Snapshot, Sort,
    Timestamp, Trash, UserId, Version,
    id::{CampaignEntity, Entity},
};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::words;

/// A purpose that donations are collected for. Campaigns belong to the whole organisation: they
/// have no row scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// The id.
    pub id: CampaignId,
    /// The name, unique among campaigns outside the trash, without case.
    pub name: PersonName,
    /// What it is for, at most [`Campaign::MAX_DESCRIPTION`] characters.
    pub description: Option<String>,
    /// How much is hoped for.
    pub goal: Option<Money>,
    /// The first day.
    pub starts_on: Option<NaiveDate>,
    /// The last day.
    pub ends_on: Option<NaiveDate>,
    /// The version.
    pub version: Version,
    /// Who entered it; none for the program itself.
    pub created_by: Option<UserId>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was put in the trash.
    pub deleted_at: Option<Timestamp>,
}

impl Campaign {
    /// Characters a description has at the most.
    pub const MAX_DESCRIPTION: usize = 4_000;

    /// The campaign with the fields of the patch, one version later.
    #[must_use]
    pub fn patched(self, patch: &CampaignPatch, at: Timestamp) -> Self {
        let mut after = Self { version: self.version.next(), updated_at: at, ..self };
        let patch = patch.clone();
        if let Some(name) = patch.name {
            after.name = name;
        }
        patch.description.apply(&mut after.description);
        patch.goal.apply(&mut after.goal);
        patch.starts_on.apply(&mut after.starts_on);
        patch.ends_on.apply(&mut after.ends_on);
        after
    }

    /// Rules that hold between fields.
    ///
    /// # Errors
    /// [`Invalid`] when it ends before it starts, or hopes for nothing.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut errors = Vec::new();
        if let (Some(starts_on), Some(ends_on)) = (self.starts_on, self.ends_on)
            && ends_on < starts_on
        {
            errors.push(FieldError::new("/ends_on", "range", words::ends_before_it_starts()));
        }
        if self.goal.is_some_and(|goal| goal.minor() <= 0) {
            errors.push(FieldError::new("/goal/amount", "too_small", words::not_more_than_zero()));
        }
        if errors.is_empty() { Ok(()) } else { Err(Invalid(errors)) }
    }
}

impl Audited for Campaign {
    const ENTITY: &'static str = CampaignEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("name", self.name.as_str().into()),
            ("description", self.description.as_deref().into()),
            ("goal", self.goal.map(|goal| goal.to_string()).into()),
            ("starts_on", self.starts_on.into()),
            ("ends_on", self.ends_on.into()),
            ("deleted", FieldValue::Bool(self.deleted_at.is_some())),
        ]
    }
}

/// What a new campaign is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignDraft {
    /// The name.
    pub name: PersonName,
    /// What it is for.
    pub description: Option<String>,
    /// How much is hoped for.
    pub goal: Option<Money>,
    /// The first day.
    pub starts_on: Option<NaiveDate>,
    /// The last day.
    pub ends_on: Option<NaiveDate>,
}

impl CampaignDraft {
    /// The first version of the campaign.
    pub fn into_campaign(
        self,
        id: CampaignId,
        created_by: Option<UserId>,
        at: Timestamp,
    ) -> Campaign {
        Campaign {
            id,
            name: self.name,
            description: self.description,
            goal: self.goal,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            version: Version::FIRST,
            created_by,
            created_at: at,
            updated_at: at,
            deleted_at: None,
        }
    }
}

/// What changes about a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignPatch {
    /// The name.
    pub name: Option<PersonName>,
    /// What it is for.
    pub description: Patch<String>,
    /// How much is hoped for.
    pub goal: Patch<Money>,
    /// The first day.
    pub starts_on: Patch<NaiveDate>,
    /// The last day.
    pub ends_on: Patch<NaiveDate>,
}

/// A campaign as other records name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRef {
    /// The id.
    pub id: CampaignId,
    /// The name.
    pub name: PersonName,
}

/// Which campaigns a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignQuery {
    /// Only campaigns that run on this day; an open end counts as running.
    pub running_on: Option<NaiveDate>,
    /// Words to find in name or description; the last word may be a beginning.
    pub q: Option<String>,
    /// Which side of the trash.
    pub trash: Trash,
    /// The order.
    pub sort: Sort<CampaignSort>,
}

impl Default for CampaignQuery {
    fn default() -> Self {
        Self {
            running_on: None,
            q: None,
            trash: Trash::Without,
            sort: Sort::down(CampaignSort::CreatedAt),
        }
    }
}

/// What a list of campaigns can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CampaignSort {
    /// The time it was entered, which is the order of ids.
    CreatedAt,
    /// The folded name.
    Name,
}
