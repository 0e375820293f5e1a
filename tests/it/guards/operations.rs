//! Every operation of the contract, read from the document, and a valid way to call each: what the
//! guards walk through. A new operation fails here until somebody says how it is called.

use almoner_kernel::UserId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, lira};

/// One operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    /// Below `/api/v1`.
    pub path: String,
    pub needs_version: bool,
    pub has_dry_run: bool,
    /// False when every logged-in user may call it.
    pub needs_permission: bool,
}

impl Operation {
    /// `POST /donors/{id}/restore`
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// True for an operation that reads, whatever its method.
    pub fn reads(&self) -> bool {
        self.method == Method::GET || ["lookupDonors", "previewMail"].contains(&self.id.as_str())
    }
}

/// Every operation below `/api/v1`, by path; logging out comes last, because it ends the session.
pub fn operations() -> Vec<Operation> {
    let document = almoner_http::openapi::api_document(&almoner_kinds::REGISTRY);
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array();
            let needs_version = parameters
                .into_iter()
                .flatten()
                .any(|parameter| parameter["name"] == "If-Match" && parameter["required"] == true);
            let operation = Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.to_owned(),
                needs_version,
                needs_permission: operation["x-permission"]
                    .as_str()
                    .is_some_and(|permission| permission != "session"),
                has_dry_run: parameters.into_iter().flatten().any(|one| one["name"] == "dry_run"),
            };
            // The same address, and another permission.
            let purges = parameters.into_iter().flatten().any(|one| one["name"] == "purge");
            operations.extend(purges.then(|| Operation {
                id: operation.id.replace("delete", "purge"),
                path: format!("{path}?purge=true"),
                ..operation.clone()
            }));
            operations.push(operation);
        }
    }
    operations.sort_by_key(|operation| {
        (operation.id == "logout", operation.path.clone(), operation.method.to_string())
    });
    operations
}

/// How an operation is called, on records made for it alone.
#[derive(Debug)]
pub struct Call {
    pub path: String,
    pub body: Option<Value>,
    pub version: Option<i64>,
}

/// Makes the records an operation needs, created by `owner`, and says how to call it on them.
pub async fn call(world: &World, operation: &Operation, owner: Option<UserId>) -> Call {
    let in_trash = ["restore", "purge"].iter().any(|verb| operation.id.starts_with(verb));
    let deleted_at = in_trash.then_some(crate::support::START);
    let fresh = world.id::<almoner_kernel::id::JobEntity>();
    let donor = async || {
        let mut donor = world.donor("Ahmet Işık");
        donor.created_by = owner;
        donor.deleted_at = deleted_at;
        let number = almoner_kernel::IdentityNumber::parse(
            almoner_kernel::IdentityKind::ForeignId,
            &format!("P{}", fresh.uuid().simple()),
        );
        let number = number.unwrap();
        donor.own.identity = Some(almoner_records::Sealed::fresh(number));
        world.save_donor(&donor).await;
        donor.id.to_string()
    };
    let donation = async || {
        let mut donation = world.donation(lira(125_000));
        donation.created_by = owner;
        donation.deleted_at = deleted_at;
        if ["refundDonation", "correctDonation"].contains(&operation.id.as_str()) {
            donation.own.state = almoner_donations::State::Completed;
        }
        world.save_donation(&donation).await;
        donation.id.to_string()
    };
    let campaign = async || {
        let mut campaign = world.campaign(&format!("Ramazan {fresh}"));
        campaign.deleted_at = deleted_at;
        world.save_campaign(&campaign).await.unwrap();
        campaign.id.to_string()
    };
    let user = async || {
        let mut user = world.user(&format!("{fresh}@example.org"));
        user.active = !in_trash;
        world.save_user(&user).await.unwrap();
        user.id.to_string()
    };
    let webhook = async || {
        let webhook = world.webhook(true);
        world.save_webhook(&webhook).await;
        webhook
    };
    let role_name = format!("role_{}", &fresh.uuid().simple().to_string()[8..]);
    let role = async || {
        world.save_role(&world.role(&role_name)).await.unwrap();
        role_name.clone()
    };
    let money = json!({ "amount": "10.00", "currency": "TRY" });
    let (target, body) = match operation.id.as_str() {
        "login" | "requestPasswordReset" | "confirmPasswordReset" | "acceptInvitation" => {
            (None, Some(json!({})))
        }
        "getSession" | "listSessions" | "endOtherSessions" | "logout" => (None, None),
        "endSession" => (Some(fresh.to_string()), None),
        "changePassword" => {
            let wrong = "not the right one, surely";
            (None, Some(json!({ "current_password": wrong, "new_password": wrong })))
        }
        "getMe" | "listUsers" | "listRoles" | "listDonors" | "listCampaigns" | "listDonations"
        | "summariseDonations" | "summariseDonors" | "summariseCampaigns" | "listChanges"
        | "listSecurityEvents" | "followEvents" | "openSocket" | "listJobs" | "listSchedules" => {
            (None, None)
        }
        "updateMe" => (None, Some(json!({ "name": format!("Somebody {fresh}") }))),
        "createUser" => {
            let email = format!("new.{fresh}@example.org");
            let password = "another quiet boat at dusk";
            let user =
                json!({ "name": "New", "email": email, "role": "viewer", "password": password });
            (None, Some(user))
        }
        "getUser" | "getUserHistory" | "deactivateUser" | "restoreUser" | "unlockUser" => {
            (Some(user().await), None)
        }
        "inviteUser" => {
            let mut user = world.user(&format!("{fresh}@example.org"));
            user.invited_at = Some(crate::support::START);
            world.save_user(&user).await.unwrap();
            (Some(user.id.to_string()), None)
        }
        "listMails" => (None, None),
        "previewMail" => (None, Some(json!({ "template": "invitation", "locale": "tr" }))),
        "getMail" | "retryMail" => {
            let user = world.user(&format!("{fresh}@example.org"));
            world.save_user(&user).await.unwrap();
            (Some(world.save_failed_mail(user.id).await.to_string()), None)
        }
        "updateUser" => (Some(user().await), Some(json!({ "name": "Another name" }))),
        "createRole" => {
            let role = json!({
                "name": role_name, "label": "A role", "permissions": ["donors:read"], "scope": "own",
                "edit_window_minutes": 5,
            });
            (None, Some(role))
        }
        "getRole" | "getRoleHistory" | "deleteRole" => (Some(role().await), None),
        "updateRole" => (Some(role().await), Some(json!({ "label": "Another label" }))),
        "createDonor" => (None, Some(json!({ "kind": "person", "name": "Zeynep Kaya" }))),
        "lookupDonors" => (None, Some(json!({ "email": "zeynep@example.org" }))),
        "getDonor" | "getDonorHistory" | "deleteDonor" | "restoreDonor" | "purgeDonor" => {
            (Some(donor().await), None)
        }
        "updateDonor" => (Some(donor().await), Some(json!({ "notes": "called" }))),
        "revealDonor" => (Some(donor().await), Some(json!({ "reason": "letter of thanks" }))),
        "batchDonors" => {
            let donor = json!({ "kind": "person", "name": "Zeynep Kaya" });
            (None, Some(json!({ "items": [{ "op": "create", "value": donor }] })))
        }
        "batchCampaigns" => {
            let campaign = json!({ "name": format!("Kurban {fresh}") });
            (None, Some(json!({ "items": [{ "op": "create", "value": campaign }] })))
        }
        "batchDonations" => {
            let donation = json!({ "amount": money, "method": "cash", "donated_on": "2026-03-14" });
            (None, Some(json!({ "items": [{ "op": "create", "value": donation }] })))
        }
        "createCampaign" => (None, Some(json!({ "name": format!("Kurban {fresh}") }))),
        "getCampaign" | "getCampaignHistory" | "deleteCampaign" | "restoreCampaign"
        | "purgeCampaign" => (Some(campaign().await), None),
        "updateCampaign" => (Some(campaign().await), Some(json!({ "description": "more" }))),
        "createDonation" => {
            let donation = json!({ "amount": money, "method": "cash", "donated_on": "2026-03-14" });
            (None, Some(donation))
        }
        "getDonation" | "getDonationHistory" | "deleteDonation" | "restoreDonation"
        | "purgeDonation" | "completeDonation" => (Some(donation().await), None),
        "refundDonation" => (Some(donation().await), Some(json!({}))),
        "correctDonation" => {
            let correction = json!({ "donor_id": donor().await, "reason": "It was somebody else" });
            (Some(donation().await), Some(correction))
        }
        "cancelDonation" => (Some(donation().await), Some(json!({ "reason": "never came" }))),
        "updateDonation" => (Some(donation().await), Some(json!({ "notes": "called" }))),
        "getJob" | "cancelJob" | "runJob" => (Some(world.save_job(false).await), None),
        "retryJob" => (Some(world.save_job(true).await), None),
        "pauseSchedule" | "runSchedule" => (Some(world.save_schedule(false).await), None),
        "resumeSchedule" => (Some(world.save_schedule(true).await), None),
        "listWebhooks" => (None, None),
        "createWebhook" => {
            let events = ["donation.created"];
            (None, Some(json!({ "url": "https://example.org/hooks", "events": events })))
        }
        "getWebhook" | "getWebhookHistory" | "deleteWebhook" | "rotateWebhook" | "testWebhook"
        | "listDeliveries" => (Some(webhook().await.id.to_string()), None),
        "updateWebhook" => {
            (Some(webhook().await.id.to_string()), Some(json!({ "description": "Books" })))
        }
        "replayDelivery" => {
            let webhook = webhook().await;
            let delivery = world.save_delivery(&webhook).await;
            (Some(format!("{} {}", webhook.id, delivery.id)), None)
        }
        unknown => panic!("{unknown} is new: say how it is called"),
    };
    let query = if operation.id == "followEvents" { "?topics=donors" } else { "" };
    let path = match target {
        // One word for each parameter of the address.
        Some(target) => target.split(' ').fold(operation.path.clone(), |path, word| {
            let (before, rest) = path.split_once('{').unwrap();
            let (_, after) = rest.split_once('}').unwrap();
            format!("{before}{word}{after}")
        }),
        None => format!("{}{query}", operation.path),
    };
    Call { path, body, version: operation.needs_version.then_some(1) }
}
