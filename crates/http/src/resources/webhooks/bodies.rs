//! Webhooks and deliveries as they are sent and shown.

mod deliveries;

use almoner_kernel::{Fields, Invalid, Patch, fault::Unfit, text};
use almoner_records::Registry;
use almoner_webhooks::{
    EventTypes, Secret, Target, Webhook, WebhookDraft, WebhookPatch,
    event::{self, Told},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::deliveries::DeliveryBody;
use crate::{
    kit::patch,
    resources::{
        shared::{self, instant},
        words::{DisabledReasonWord, Word},
    },
};

/// Another system that is told what happens.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookBody {
    /// The webhook's id.
    #[schema(example = "019cec2f-9b10-7d20-8f4a-2c61d0b7e3f5")]
    id: Uuid,
    /// Where messages go.
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 1000,
        example = "https://books.example.org/hooks/almoner"
    )]
    url: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "Bookkeeping"
    )]
    description: Option<String>,
    /// What it is told of, in alphabetical order: `<record>.<action>` as in the change trail, or
    /// `<record>.*` for every action.
    #[schema(max_items = 100, example = json!(["donation.*", "donor.updated"]))]
    events: Vec<EventTypeBody>,
    /// True while messages are sent.
    #[schema(example = true)]
    is_active: bool,
    /// Why the server switched it off: `gone` after an answer 410, `failing` when nothing had got
    /// through for days. Absent when a user did, and while it is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DisabledReasonWord, required = false)]
    disabled_reason: Option<DisabledReasonWord>,
    /// Since when no message has got through; absent after one that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DateTime<Utc>, required = false, example = "2026-03-14T10:07:00.120Z")]
    failing_since: Option<String>,
    /// What signatures are made with. Shown once, where it was made: to whoever created the webhook
    /// or rotated its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "webhook_secret",
        nullable = false,
        example = "whsec_q3v0Uu5sN5b0h8b3x1m2Qm9V7Yk2c4d6e8f0g1h2i3k="
    )]
    secret: Option<String>,
    /// The user who created it; absent when the program did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11")]
    created_by: Option<Uuid>,
    /// When it was created.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T09:00:00.000Z")]
    created_at: String,
    /// When it was last changed.
    #[schema(value_type = DateTime<Utc>, example = "2026-03-14T09:00:00.000Z")]
    updated_at: String,
    /// The version, as in the `ETag`. How deliveries go makes no new one.
    #[schema(minimum = 1, example = 1)]
    version: i64,
}

/// A type of event: `<record>.<action>`, or `<record>.*`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = EventType, value_type = String, format = "event_type", example = "donation.created")]
pub(crate) struct EventTypeBody(String);

const _: () = assert!(Target::MAX == 1_000, "as the document says");
const _: () = assert!(Webhook::MAX_DESCRIPTION == 500, "as the document says");
const _: () = assert!(EventTypes::MAX == 100, "as the document says");

impl WebhookBody {
    /// Shows a webhook.
    pub(crate) fn of(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.uuid(),
            url: webhook.target.as_str().to_owned(),
            description: webhook.description.clone(),
            events: webhook.events.iter().map(|one| EventTypeBody(one.to_string())).collect(),
            is_active: webhook.is_active,
            disabled_reason: webhook.disabled_reason.map(Word),
            failing_since: webhook.failing_since.map(instant),
            secret: None,
            created_by: webhook.created_by.map(|user| user.uuid()),
            created_at: instant(webhook.created_at),
            updated_at: instant(webhook.updated_at),
            version: webhook.version.number(),
        }
    }

    /// Shows a webhook with the secret that was just made.
    pub(crate) fn with_secret(webhook: &Webhook, secret: &Secret) -> Self {
        Self { secret: Some(secret.text()), ..Self::of(webhook) }
    }

    pub(crate) fn example() -> Value {
        json!({
            "id": "019cec2f-9b10-7d20-8f4a-2c61d0b7e3f5",
            "url": "https://books.example.org/hooks/almoner",
            "description": "Bookkeeping",
            "events": ["donation.*", "donor.updated"],
            "is_active": true,
            "created_by": "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11",
            "created_at": "2026-03-14T09:00:00.000Z",
            "updated_at": "2026-03-14T09:00:00.000Z",
            "version": 1,
        })
    }

    pub(crate) fn secret_example() -> Value {
        let mut example = Self::example();
        example["secret"] = "whsec_q3v0Uu5sN5b0h8b3x1m2Qm9V7Yk2c4d6e8f0g1h2i3k=".into();
        example
    }

    pub(crate) fn list_example() -> Value {
        json!({ "items": [Self::example()] })
    }
}

/// A new webhook.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(crate) struct NewWebhookBody {
    /// Where messages go: `https`, without a user name and without a part behind `#`, on port 443
    /// or one from 1024 on, and to no private network unless the operator has allowed that.
    #[schema(
        format = "line",
        value_type = String,
        required = true,
        min_length = 1,
        max_length = 1000,
        example = "https://books.example.org/hooks/almoner"
    )]
    url: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        format = "text",
        nullable = false,
        min_length = 1,
        max_length = 500,
        example = "Bookkeeping"
    )]
    description: Option<String>,
    /// What it is told of, each type once: changes of every kind of record, of users and of roles.
    #[schema(
        value_type = Vec<EventTypeBody>,
        required = true,
        min_items = 1,
        max_items = 100,
        example = json!(["donation.*", "donor.updated"])
    )]
    events: Option<Vec<EventTypeBody>>,
}

impl NewWebhookBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(
        self,
        mut fields: Fields,
        registry: &Registry,
        target: impl Fn(&str) -> Result<Target, Unfit>,
    ) -> Result<WebhookDraft, Invalid> {
        let target = fields.required("/url", self.url, |url| target(&url));
        let description = fields.optional("/description", self.description, description);
        let events = fields.required("/events", self.events, |types| events(types, registry));
        let draft =
            target.zip(events).map(|(target, events)| WebhookDraft { target, description, events });
        fields.finish(draft)
    }

    pub(crate) fn example() -> Value {
        json!({
            "url": "https://books.example.org/hooks/almoner",
            "description": "Bookkeeping",
            "events": ["donation.*", "donor.updated"],
        })
    }
}

/// What changes about a webhook: an absent field stays, `null` empties it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookPatch)]
pub(crate) struct WebhookPatchBody {
    /// Where messages go, those that wait included.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(
        format = "line",
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 1000,
        example = "https://books.example.org/hooks/almoner"
    )]
    url: Patch<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(
        format = "text",
        value_type = Option<String>,
        min_length = 1,
        max_length = 500,
        example = "Bookkeeping and thanks"
    )]
    description: Patch<String>,
    /// All that it is told of from now on.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(
        value_type = Vec<EventTypeBody>,
        required = false,
        min_items = 1,
        max_items = 100,
        example = json!(["donation.*"])
    )]
    events: Patch<Vec<EventTypeBody>>,
    /// `false` sends nothing any more, and gives up what waits. `true` begins with what happens from
    /// then on.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = bool, required = false, example = true)]
    is_active: Patch<bool>,
}

impl WebhookPatchBody {
    /// The command.
    ///
    /// # Errors
    /// Every wrong field.
    pub(crate) fn command(
        self,
        mut fields: Fields,
        registry: &Registry,
        target: impl Fn(&str) -> Result<Target, Unfit>,
    ) -> Result<WebhookPatch, Invalid> {
        let patch = WebhookPatch {
            target: fields.patch_required("/url", self.url, |url| target(&url)),
            description: fields.patch("/description", self.description, description),
            events: fields.patch_required("/events", self.events, |types| events(types, registry)),
            is_active: fields.patch_required("/is_active", self.is_active, Ok),
        };
        fields.finish(Some(patch))
    }

    pub(crate) fn example() -> Value {
        json!({ "events": ["donation.*"], "is_active": true })
    }
}

fn description(text: String) -> Result<String, Unfit> {
    text::free_text(&text, Webhook::MAX_DESCRIPTION)
}

fn events(types: Vec<EventTypeBody>, registry: &Registry) -> Result<EventTypes, Unfit> {
    let records = registry.kinds.iter().map(|kind| kind.one).chain(event::OF_THE_HOUSE);
    let types: Vec<String> = types.into_iter().map(|one| one.0).collect();
    let (records, actions) = (records.collect::<Vec<_>>(), registry.all_actions());
    EventTypes::parse(&types, Told { records: &records, actions: &actions })
}
