//! What operators may do with mails.

use almoner_kernel::{Fault, MailTemplate, PageRequest, Permission, mail::SEND};

use super::world::{Did, World, caller_with, mail_id};
use crate::{MailQuery, MailState};

fn failed(state: MailState) -> World {
    let mut world = World::with(MailTemplate::Invitation);
    world.mail.as_mut().unwrap().state = state;
    world
}

#[tokio::test]
async fn looking_needs_one_permission_and_sending_again_another() {
    let (mails, _) = failed(MailState::Failed).service();
    let (query, page) = (MailQuery::default(), PageRequest::first(10));
    let reader = caller_with(&[Permission::MAIL_READ]);
    let sender = caller_with(&[Permission::MAIL_MANAGE]);
    assert_eq!(mails.list(&reader, &query, &page).await.unwrap().items.len(), 1);
    assert_eq!(mails.find(&reader, mail_id()).await.unwrap().id, mail_id());
    assert!(mails.preview(&reader, MailTemplate::NewDevice, "tr").await.is_ok());
    assert_eq!(mails.retry(&reader, mail_id()).await.unwrap_err().code(), "forbidden");
    assert!(mails.retry(&sender, mail_id()).await.is_ok());
    assert_eq!(mails.list(&sender, &query, &page).await.unwrap_err().code(), "forbidden");
    assert_eq!(mails.find(&sender, mail_id()).await.unwrap_err().code(), "forbidden");
    let preview = mails.preview(&sender, MailTemplate::NewDevice, "tr").await;
    assert_eq!(preview.unwrap_err().code(), "forbidden");
}

#[tokio::test]
async fn only_a_mail_that_was_not_sent_is_sent_again() {
    let cx = caller_with(&[Permission::MAIL_MANAGE]);
    for state in [MailState::Bounced, MailState::Failed, MailState::HeldBack] {
        let (mails, log) = failed(state).service();
        let after = mails.retry(&cx, mail_id()).await.unwrap();
        assert_eq!((after.state, after.version.number()), (MailState::Queued, 2));
        let log = log.lock().unwrap();
        let [Did::Requeued(stored), Did::Committed(jobs, changes)] = &log[..] else {
            panic!("{log:?}")
        };
        assert_eq!(**stored, after);
        assert_eq!((jobs[0].kind, *changes), (SEND, 1));
    }
    for state in [MailState::Queued, MailState::Sent] {
        let (mails, log) = failed(state).service();
        let refused = mails.retry(&cx, mail_id()).await.unwrap_err();
        assert_eq!(refused.code(), "mail_not_failed");
        assert!(log.lock().unwrap().is_empty());
    }
    let (mails, _) = World { is_off: true, ..failed(MailState::Failed) }.service();
    assert_eq!(mails.retry(&cx, mail_id()).await.unwrap_err().code(), "mail_off");
    let (mails, _) = World { mail: None, ..failed(MailState::Failed) }.service();
    assert_eq!(mails.retry(&cx, mail_id()).await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn a_preview_holds_nothing_real() {
    let (mails, _) = failed(MailState::Failed).service();
    let cx = caller_with(&[Permission::MAIL_READ]);
    for template in MailTemplate::ALL {
        let mail = mails.preview(&cx, *template, "en").await.unwrap();
        assert!(mail.text.contains("Elif Kaya"));
        assert!(!mail.text.contains("token=") || mail.text.contains("token=example"));
    }
}
