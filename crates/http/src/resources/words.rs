//! The words of closed lists, such as the names of permissions: taken from the registries of the
//! domains, so that neither a parser nor the document repeats them.

use std::{borrow::Cow, fmt, marker::PhantomData};

use almoner_accounts::login::LockKind;
use almoner_donations::{GroupBy, Method, State};
use almoner_jobs::{JobState, Outcome};
use almoner_kernel::{
    Action, MailTemplate, Permission, PermissionSet, ScopeKind, SecurityEventKind,
    id::{Entity, JobEntity, MailEntity, RoleEntity, ScheduleEntity, UserEntity, WebhookEntity},
};
use almoner_mail::{MailProblem, MailState};
use almoner_records::Registry;
use almoner_webhooks::{DeliveryState, DisabledReason, Failure};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

/// A closed list of words.
pub(crate) trait Listed: Copy + 'static {
    /// The name of the schema.
    const NAME: &'static str;
    /// What the words say, for the document.
    const ABOUT: &'static str;
    /// Every word.
    const WORDS: &'static [&'static str];

    /// The one with that name.
    fn named(word: &str) -> Option<Self>;

    /// Its name.
    fn word(self) -> &'static str;
}

/// One of a list's words, in a body or a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<T>(pub(crate) T);

/// Makes lists of types with `ALL` and `as_str`.
macro_rules! lists {
    ($($(#[doc = $doc:literal])+ $alias:ident = $type:ty, $name:literal;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) type $alias = Word<$type>;

        impl Listed for $type {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = concat!($($doc),+);
            const WORDS: &'static [&'static str] = {
                const WORDS: [&str; <$type>::ALL.len()] = {
                    let mut words = [""; <$type>::ALL.len()];
                    let mut at = 0;
                    while at < words.len() {
                        words[at] = <$type>::ALL[at].as_str();
                        at += 1;
                    }
                    words
                };
                &WORDS
            };

            fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }

            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    )+};
}

lists! {
    /// Which records a role may meet: those its user created, also those assigned to its user, or
    /// all. More may be added.
    ScopeWord = ScopeKind, "Scope";
    /// Whose logins are kept off: those of one of the user's own devices, after wrong passwords there, or
    /// those of strangers, which is every browser the account does not know. More may be added.
    LockKindWord = LockKind, "LockKind";
    /// What happened. More may be added.
    SecurityEventKindWord = SecurityEventKind, "SecurityEventKind";
    /// How a donation comes: `check` is a cheque, `credit_card` any card at a terminal, `online` a
    /// payment on a web page, `sms` a text message to a short number, `in_kind` goods.
    MethodWord = Method, "DonationMethod";
    /// Where a donation stands: promised, arrived, given back after it had arrived, or never to
    /// arrive.
    StateWord = State, "DonationState";
    /// Where a job stands: it waits for its time or its next attempt, it runs, it was done, it has
    /// failed for good, or it was cancelled.
    JobStateWord = JobState, "JobState";
    /// How an attempt at a job ended: `stopped` when the server had to stop, `lost` when the process
    /// died or lost the database. More may be added.
    RunOutcomeWord = Outcome, "JobRunOutcome";
    /// What a mail is about. More may be added.
    MailTemplateWord = MailTemplate, "MailTemplate";
    /// Where a mail stands: `sent` is taken by another server, `bounced` refused by it for good,
    /// `failed` not tried any more, `held_back` one too many of its kind for its user. More may be
    /// added.
    MailStateWord = MailState, "MailState";
    /// Why a mail was not sent: the other server refused it for good (`refused`), wants it later
    /// (`deferred`), refused this server (`not_accepted`) or could not be reached (`unreachable`);
    /// its user is gone (`no_recipient`), its link leads nowhere any more (`link_expired`), or its
    /// user had too many of the kind (`too_many`). More may be added.
    MailProblemWord = MailProblem, "MailProblem";
    /// Where a delivery to a webhook stands: an attempt is to be made, the receiver took it, or it was
    /// given up.
    DeliveryStateWord = DeliveryState, "WebhookDeliveryState";
    /// Why an attempt at a delivery failed: `status` for an answer other than 2xx, `timeout` after 10
    /// seconds, `connection` also for a certificate that is not valid, `name` when it could not be
    /// resolved, `address` when it leads into a private network, `disabled` when the webhook was
    /// switched off. More may be added.
    DeliveryFailureWord = Failure, "WebhookDeliveryFailure";
    /// Why the server switched a webhook off. More may be added.
    DisabledReasonWord = DisabledReason, "WebhookDisabledReason";
    /// What a summary can be grouped by, beside the currency.
    GroupWord = GroupBy, "DonationGroup";
}

/// What the house itself keeps a trail of, beside the kinds of the registry.
const OF_THE_HOUSE: [&str; 6] = [
    UserEntity::NAME,
    RoleEntity::NAME,
    JobEntity::NAME,
    ScheduleEntity::NAME,
    MailEntity::NAME,
    WebhookEntity::NAME,
];

/// The kinds of records whose changes are in the trail, as it names them.
pub(crate) fn record_kinds(registry: &Registry) -> Vec<&'static str> {
    OF_THE_HOUSE.into_iter().chain(registry.kinds.iter().map(|kind| kind.one)).collect()
}

/// A kind of record. More may be added.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct RecordKindName(pub(crate) String);

impl PartialSchema for RecordKindName {
    fn schema() -> RefOr<Schema> {
        // Its words are those of the registry, which the document is completed with.
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A kind of record. More may be added."))
            .examples([UserEntity::NAME])
            .into()
    }
}

impl ToSchema for RecordKindName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RecordKind")
    }
}

/// What was done to a record. More may be added.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct ActionName(pub(crate) String);

impl PartialSchema for ActionName {
    fn schema() -> RefOr<Schema> {
        // Its words are those of the registry, which the document is completed with.
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What was done to a record. More may be added."))
            .examples([Action::Created.as_str()])
            .into()
    }
}

impl ToSchema for ActionName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Action")
    }
}

impl<T: Listed> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<'de, T: Listed> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(WordVisitor(PhantomData))
    }
}

struct WordVisitor<T>(PhantomData<T>);

impl<T: Listed> Visitor<'_> for WordVisitor<T> {
    type Value = Word<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Word<T>, E> {
        T::named(word).map(Word).ok_or_else(|| E::unknown_variant(word, T::WORDS))
    }
}

impl<T: Listed> PartialSchema for Word<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(T::ABOUT.trim()))
            .enum_values(Some(T::WORDS.iter().copied()))
            .examples(T::WORDS.first().copied())
            .into()
    }
}

impl<T: Listed> ToSchema for Word<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(T::NAME)
    }
}

/// One thing a role may do, as `<module>:<verb>`. More may be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PermissionName(pub(crate) String);

impl PermissionName {
    /// The permissions of a set, in the order of the registry.
    pub(crate) fn all_of(set: &PermissionSet, registry: &Registry) -> Vec<Self> {
        Self::those(registry, |permission| set.has(permission))
    }

    /// Those permissions for which something holds, in the order of the registry.
    pub(crate) fn those(registry: &Registry, holds: impl Fn(Permission) -> bool) -> Vec<Self> {
        let all = registry.all_permissions();
        let those = all.into_iter().filter(|permission| holds(*permission));
        those.map(|permission| Self(permission.as_str().to_owned())).collect()
    }
}

impl PartialSchema for PermissionName {
    fn schema() -> RefOr<Schema> {
        // Its words are those of the registry, which the document is completed with.
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("One thing a role may do, as `<module>:<verb>`. More may be added."))
            .examples(["users:read"])
            .into()
    }
}

impl ToSchema for PermissionName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Permission")
    }
}
