//! Records with what they must have.

use almoner_accounts::{
    role::{Access, CustomRole, RoleLabel, RoleName, RoleNames},
    session::Session,
    user::{Locale, TimeZone, User},
};
use almoner_donations::{Campaign, Donation, Donor, DonorKind, Method, State};
use almoner_kernel::{
    Id, Ids, Money, PermissionSet, Reaches, ScopeKind, UserId, Version, WebhookId,
    id::WebhookEntity,
};
use almoner_records::Kept;
use almoner_webhooks::{EventTypes, Target, Webhook};
use chrono::Duration;

use super::{email, name};
use crate::support::{START, World, day};

/// Records with the fields that cannot be absent; a test names the others.
impl World {
    pub fn id<E>(&self) -> Id<E> {
        Id::new(self.ids.next())
    }

    /// A record that nobody in particular has entered.
    pub fn kept<R>(&self, own: R) -> Kept<R> {
        Kept {
            id: self.id(),
            version: Version::FIRST,
            created_by: None,
            created_at: START,
            updated_at: START,
            deleted_at: None,
            hidden: Vec::new(),
            own,
        }
    }

    pub fn donor(&self, called: &str) -> Kept<Donor> {
        self.kept(Donor {
            kind: DonorKind::Person,
            name: name(called),
            email: None,
            phone: None,
            identity: None,
            address: None,
            language: None,
            notes: None,
            contact_consent: false,
        })
    }

    pub fn campaign(&self, called: &str) -> Kept<Campaign> {
        self.kept(Campaign {
            name: name(called),
            description: None,
            goal: None,
            starts_on: None,
            ends_on: None,
        })
    }

    pub fn donation(&self, amount: Money) -> Kept<Donation> {
        self.kept(Donation {
            donor_id: None,
            campaign_id: None,
            amount: Some(amount),
            method: Method::Cash,
            state: State::Pending,
            purpose: None,
            donated_on: day(2026, 3, 1),
            reference: None,
            notes: None,
            reason: None,
            settled_at: None,
        })
    }

    pub fn user(&self, address: &str) -> User {
        User {
            id: self.id(),
            name: name("Somebody"),
            email: email(address),
            phone: None,
            locale: Locale::default(),
            time_zone: TimeZone::default(),
            roles: RoleNames::one(RoleName::parse("viewer").unwrap()),
            active: true,
            invited_at: None,
            last_login_at: None,
            version: Version::FIRST,
            created_at: START,
            updated_at: START,
        }
    }

    pub fn role(&self, called: &str) -> CustomRole {
        CustomRole {
            id: self.id(),
            name: RoleName::parse(called).unwrap(),
            label: RoleLabel::parse("A role").unwrap(),
            description: None,
            access: Access {
                permissions: PermissionSet::NONE,
                scope: ScopeKind::Own,
                reaches: Reaches::default(),
                edit_window: None,
            },
            version: Version::FIRST,
            created_at: START,
            updated_at: START,
        }
    }

    pub fn session(&self, user: UserId) -> Session {
        Session {
            id: self.id(),
            user_id: user,
            created_at: START,
            last_seen_at: START,
            expires_at: START + Duration::hours(12),
            idle_timeout: Duration::minutes(30),
            remembered: false,
            address: None,
            user_agent: None,
        }
    }

    /// A webhook that asks for everything about donations and donors, from the first change on.
    pub fn webhook(&self, is_active: bool) -> Webhook {
        Webhook {
            id: WebhookId::new(self.id::<WebhookEntity>().uuid()),
            target: Target::parse("https://example.org/hooks", false).unwrap(),
            description: None,
            events: EventTypes::from_stored("donation.* donor.*").unwrap(),
            is_active,
            disabled_reason: None,
            since: 0,
            failing_since: None,
            quiet_until: None,
            version: Version::FIRST,
            created_by: None,
            created_at: START,
            updated_at: START,
        }
    }
}
