//! Mails, links, requests for links and devices.

use almoner_accounts::{
    link::{Link, Purpose},
    ports::Meeting,
    recovery::ResetRequest,
    session::DeviceKey,
    user::User,
};
use almoner_kernel::{Action, MailTemplate, NewMail, PageRequest, StoreError, Trail, UserId};
use almoner_mail::{
    Mail, MailProblem, MailQuery, MailState,
    ports::{Device, Outcome},
};
use chrono::Duration;
use uuid::Uuid;

use crate::support::{START, World, as_system, email, later, session_noted, walk};

on_both![
    a_mail_is_kept_as_it_was_left_and_forgets_its_address_once_it_is_sent,
    attempts_add_up_and_leave_no_trail,
    a_mail_is_sent_again_from_the_version_it_has,
    mails_are_listed_newest_first_by_state_template_and_user,
    the_mails_sent_to_one_user_about_one_thing_are_counted_no_further_than_asked,
    a_recipient_is_somebody_who_can_log_in,
    a_link_ends_once_and_all_links_of_a_user_end_together,
    a_request_for_a_link_is_answered_once,
    a_device_is_the_first_then_known_and_another_one_is_new,
    a_unit_that_is_dropped_leaves_neither_link_nor_mail,
    an_invitation_is_kept_until_it_is_accepted,
    what_is_past_its_time_is_forgotten,
];

async fn somebody(world: &World, address: &str) -> User {
    let user = world.user(address);
    world.save_user(&user).await.unwrap();
    user
}

fn left(world: &World, user_id: UserId, template: MailTemplate) -> NewMail {
    NewMail { id: world.id(), template, user_id, address: None, about: None, at: START }
}

async fn leave(world: &World, mail: &NewMail) {
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_mail(mail).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
}

fn outcome(state: MailState, millis: i64) -> Outcome {
    let at = later(millis);
    Outcome { state, problem: None, reply: Some(250), language: Some("tr"), at }
}

async fn find(world: &World, mail: &NewMail) -> Mail {
    world.mails().mail(mail.id).await.unwrap().unwrap()
}

async fn a_mail_is_kept_as_it_was_left_and_forgets_its_address_once_it_is_sent(world: &World) {
    let user = somebody(world, "a@b.co").await;
    let mail = NewMail {
        address: Some(email("old@b.co")),
        about: Some(Uuid::from_u128(7)),
        ..left(world, user.id, MailTemplate::EmailChanged)
    };
    leave(world, &mail).await;
    let stored = find(world, &mail).await;
    assert_eq!(
        (stored.template, stored.user_id, stored.about),
        (mail.template, user.id, mail.about)
    );
    assert_eq!((stored.address, stored.state), (mail.address.clone(), MailState::Queued));
    assert_eq!((stored.attempts, stored.tried_at, stored.reply), (0, None, None));
    assert_eq!((stored.version.number(), stored.created_at), (1, START));
    world.mails().note(mail.id, &outcome(MailState::Queued, 1)).await.unwrap();
    assert_eq!(find(world, &mail).await.address, mail.address, "it may be needed again");
    world.mails().note(mail.id, &outcome(MailState::Sent, 2)).await.unwrap();
    assert_eq!(find(world, &mail).await.address, None);
}

async fn attempts_add_up_and_leave_no_trail(world: &World) {
    let user = somebody(world, "a@b.co").await;
    let mail = left(world, user.id, MailTemplate::PasswordChanged);
    leave(world, &mail).await;
    let before = world.rows("changes").await;
    let refused = Outcome {
        problem: Some(MailProblem::Deferred),
        reply: Some(451),
        language: None,
        ..outcome(MailState::Queued, 5)
    };
    world.mails().note(mail.id, &refused).await.unwrap();
    let stored = find(world, &mail).await;
    assert_eq!(
        (stored.attempts, stored.problem, stored.reply),
        (1, Some(MailProblem::Deferred), Some(451))
    );
    assert_eq!((stored.language, stored.tried_at), (None, Some(later(5))));
    world.mails().note(mail.id, &outcome(MailState::Sent, 9)).await.unwrap();
    let stored = find(world, &mail).await;
    assert_eq!((stored.attempts, stored.problem, stored.reply), (2, None, Some(250)));
    assert_eq!((stored.language.as_deref(), stored.version.number()), (Some("tr"), 1));
    assert_eq!(world.rows("changes").await, before);
}

async fn a_mail_is_sent_again_from_the_version_it_has(world: &World) {
    let user = somebody(world, "a@b.co").await;
    let id = world.save_failed_mail(user.id).await;
    let mut tx = world.mails().begin().await.unwrap();
    let before = tx.mail(id).await.unwrap().unwrap();
    let after = before.requeued();
    tx.requeue(&after).await.unwrap();
    let trail = Trail::of(&as_system()).acted(Action::Retried, &before, &after, None);
    tx.commit(trail).await.unwrap();
    let stored = world.mails().mail(id).await.unwrap().unwrap();
    assert_eq!(
        (stored.state, stored.problem, stored.version),
        (MailState::Queued, None, after.version)
    );
    let mut tx = world.mails().begin().await.unwrap();
    assert!(matches!(tx.requeue(&after).await, Err(StoreError::Raced)));
}

async fn mails_are_listed_newest_first_by_state_template_and_user(world: &World) {
    let (one, two) = (somebody(world, "a@b.co").await, somebody(world, "c@d.co").await);
    let mut all = Vec::new();
    for n in 0..12 {
        let user = if n % 3 == 0 { &two } else { &one };
        let template = if n % 2 == 0 { MailTemplate::Invitation } else { MailTemplate::NewDevice };
        let mail = left(world, user.id, template);
        leave(world, &mail).await;
        if n % 4 == 0 {
            world.mails().note(mail.id, &outcome(MailState::Bounced, n)).await.unwrap();
        }
        all.push(find(world, &mail).await);
    }
    all.reverse();
    for state in [None, Some(MailState::Bounced), Some(MailState::Queued)] {
        for template in [None, Some(MailTemplate::Invitation)] {
            for user_id in [None, Some(two.id)] {
                let query = MailQuery { state, template, user_id };
                let expected: Vec<Mail> = all
                    .iter()
                    .filter(|mail| state.is_none_or(|state| mail.state == state))
                    .filter(|mail| template.is_none_or(|template| mail.template == template))
                    .filter(|mail| user_id.is_none_or(|id| mail.user_id == id))
                    .cloned()
                    .collect();
                let page = async |page| world.mails().mails(&query, &page).await;
                assert_eq!(walk(2, page, async |_| {}).await, expected, "{query:?}");
            }
        }
    }
    let counted = PageRequest { count: true, ..PageRequest::first(1) };
    let page = world.mails().mails(&MailQuery::default(), &counted).await.unwrap();
    assert_eq!(page.total.unwrap().count, 12);
}

async fn the_mails_sent_to_one_user_about_one_thing_are_counted_no_further_than_asked(
    world: &World,
) {
    let (one, two) = (somebody(world, "a@b.co").await, somebody(world, "c@d.co").await);
    for (user, template, state, millis) in [
        (&one, MailTemplate::NewDevice, MailState::Sent, 0),
        (&one, MailTemplate::NewDevice, MailState::Sent, 1),
        (&one, MailTemplate::NewDevice, MailState::Sent, 5),
        (&one, MailTemplate::NewDevice, MailState::Bounced, 3),
        (&one, MailTemplate::Invitation, MailState::Sent, 3),
        (&two, MailTemplate::NewDevice, MailState::Sent, 3),
        (&one, MailTemplate::NewDevice, MailState::Sent, 11),
    ] {
        let mail = left(world, user.id, template);
        leave(world, &mail).await;
        world.mails().note(mail.id, &outcome(state, millis)).await.unwrap();
    }
    let sent = async |most| {
        let about = MailTemplate::NewDevice;
        world.mails().sent_between(one.id, about, later(0), later(10), most).await.unwrap()
    };
    assert_eq!([sent(9).await, sent(2).await, sent(1).await], [2, 2, 1]);
}

async fn a_recipient_is_somebody_who_can_log_in(world: &World) {
    let user = somebody(world, "a@b.co").await;
    let recipient = world.mails().recipient(user.id).await.unwrap().unwrap();
    assert_eq!((recipient.email, recipient.name), (user.email.clone(), user.name.clone()));
    assert_eq!((recipient.locale.as_str(), recipient.time_zone.as_str()), ("en", "UTC"));
    let inactive = User { active: false, ..user.clone() };
    world.change_user(&inactive).await.unwrap();
    assert_eq!(world.mails().recipient(user.id).await.unwrap(), None);
    assert_eq!(world.mails().recipient(world.id()).await.unwrap(), None);
    let mut session = world.session(user.id);
    session.address = Some("203.0.113.0".to_owned());
    session.user_agent = Some("Firefox".to_owned());
    world.save_session(&session).await;
    let device = Device { network: session.address.clone(), browser: session.user_agent.clone() };
    assert_eq!(world.mails().device(session.id).await.unwrap(), Some(device));
    assert_eq!(world.mails().device(world.id()).await.unwrap(), None);
}

fn link(world: &World, user_id: UserId, purpose: Purpose) -> Link {
    Link { id: world.id(), user_id, purpose, expires_at: later(1_000) }
}

async fn a_link_ends_once_and_all_links_of_a_user_end_together(world: &World) {
    let (one, two) = (somebody(world, "a@b.co").await, somebody(world, "c@d.co").await);
    let links = [
        link(world, one.id, Purpose::PasswordReset),
        link(world, one.id, Purpose::Invitation),
        link(world, two.id, Purpose::Invitation),
    ];
    let mut tx = world.accounts().begin().await.unwrap();
    for link in &links {
        tx.insert_link(link).await.unwrap();
    }
    tx.commit(session_noted()).await.unwrap();
    for link in &links {
        assert_eq!(world.accounts().link(link.id).await.unwrap().as_ref(), Some(link));
    }
    assert_eq!(world.mails().link_expires_at(links[0].id).await.unwrap(), Some(later(1_000)));
    let mut tx = world.accounts().begin().await.unwrap();
    assert!(tx.end_link(links[2].id).await.unwrap());
    assert!(!tx.end_link(links[2].id).await.unwrap());
    tx.end_links(one.id).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(world.rows("links").await, 0);
    assert_eq!(world.mails().link_expires_at(links[0].id).await.unwrap(), None);
}

async fn a_request_for_a_link_is_answered_once(world: &World) {
    let request = ResetRequest { id: Uuid::from_u128(9), email: email("Who@b.co"), at: later(3) };
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_reset_request(&request).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(world.accounts().reset_request(request.id).await.unwrap(), Some(request.clone()));
    let mut tx = world.accounts().begin().await.unwrap();
    assert!(tx.end_reset_request(request.id).await.unwrap());
    assert!(!tx.end_reset_request(request.id).await.unwrap());
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(world.accounts().reset_request(request.id).await.unwrap(), None);
}

async fn a_device_is_the_first_then_known_and_another_one_is_new(world: &World) {
    let (one, two) = (somebody(world, "a@b.co").await, somebody(world, "c@d.co").await);
    let (here, there) = (DeviceKey::from_random([1; 32]), DeviceKey::from_random([2; 32]));
    let meet = async |user: UserId, device: &DeviceKey| {
        let mut tx = world.accounts().begin().await.unwrap();
        let met = tx.meet_device(user, &device.hash(user), later(1)).await.unwrap();
        tx.commit(session_noted()).await.unwrap();
        met
    };
    assert_eq!(meet(one.id, &here).await, Meeting::First);
    assert_eq!(meet(one.id, &here).await, Meeting::Known);
    assert_eq!(meet(one.id, &there).await, Meeting::New);
    assert_eq!(meet(one.id, &there).await, Meeting::Known);
    assert_eq!(meet(two.id, &here).await, Meeting::First);
    assert_eq!(world.rows("devices").await, 3);
}

async fn a_unit_that_is_dropped_leaves_neither_link_nor_mail(world: &World) {
    let user = somebody(world, "a@b.co").await;
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_link(&link(world, user.id, Purpose::Invitation)).await.unwrap();
    tx.insert_mail(&left(world, user.id, MailTemplate::Invitation)).await.unwrap();
    drop(tx);
    assert_eq!((world.rows("links").await, world.rows("mails").await), (0, 0));
}

async fn an_invitation_is_kept_until_it_is_accepted(world: &World) {
    let invited = User { invited_at: Some(later(5)), ..world.user("a@b.co") };
    world.save_user(&invited).await.unwrap();
    let stored = world.accounts().account(invited.id).await.unwrap().unwrap().user;
    assert_eq!(stored, invited);
    let joined = world.change_user(&User { invited_at: None, ..invited }).await.unwrap();
    assert_eq!(world.accounts().account(joined.id).await.unwrap().unwrap().user, joined);
}

async fn what_is_past_its_time_is_forgotten(world: &World) {
    let user = somebody(world, "a@b.co").await;
    let request = ResetRequest { id: Uuid::from_u128(9), email: email("who@b.co"), at: START };
    let device = DeviceKey::from_random([1; 32]);
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_link(&link(world, user.id, Purpose::Invitation)).await.unwrap();
    tx.insert_reset_request(&request).await.unwrap();
    tx.meet_device(user.id, &device.hash(user.id), START).await.unwrap();
    tx.insert_mail(&left(world, user.id, MailTemplate::Invitation)).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    let rows = async || {
        let mut rows = Vec::new();
        for table in ["links", "reset_requests", "mails", "devices"] {
            rows.push(world.rows(table).await);
        }
        rows
    };
    for (after, left) in [
        (Duration::milliseconds(1_000), [1, 1, 1, 1]),
        (Duration::milliseconds(1_001), [0, 1, 1, 1]),
        (Duration::days(1) + Duration::milliseconds(1), [0, 0, 1, 1]),
        (Duration::days(90) + Duration::milliseconds(1), [0, 0, 0, 1]),
        (Duration::days(365) + Duration::milliseconds(1), [0, 0, 0, 0]),
    ] {
        world.store.forget_expired(START + after, 500).await.unwrap();
        assert_eq!(rows().await, left, "{after}");
    }
}
