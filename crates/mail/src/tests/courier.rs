//! What becomes of a mail.

use almoner_kernel::{EmailAddress, JobError, MailTemplate};

use super::world::{Did, World, at};
use crate::{
    MailProblem, MailState,
    ports::{Device, Outcome, SendError},
};

fn reset() -> World {
    World::with(MailTemplate::PasswordReset)
}

fn noted(did: &[Did]) -> &Outcome {
    match did.last() {
        Some(Did::Noted(outcome)) => outcome,
        other => panic!("nothing was noted: {other:?}"),
    }
}

fn standing(did: &[Did]) -> (MailState, Option<MailProblem>, Option<u16>) {
    let outcome = noted(did);
    (outcome.state, outcome.problem, outcome.reply)
}

fn is_sent(did: &[Did]) -> bool {
    did.iter().any(|did| matches!(did, Did::Sent(_)))
}

#[tokio::test]
async fn a_mail_goes_to_its_user_in_their_language_with_its_link() {
    let (outcome, did) = reset().attempt(false).await;
    outcome.unwrap();
    let Did::Sent(message) = &did[0] else { panic!("{did:?}") };
    assert_eq!(message.to.address.as_str(), "elif@example.org");
    assert_eq!(message.from.address.as_str(), "posta@example.org");
    assert_eq!(message.reply_to.as_ref().unwrap().address.as_str(), "buro@example.org");
    assert_eq!(message.language, "tr");
    let link = "https://example.org/password_reset#token=00000000-0000-0000-0000-00000000012c";
    assert!(message.text.contains(link), "{}", message.text);
    assert_eq!(standing(&did), (MailState::Sent, None, Some(250)));
    assert_eq!((noted(&did).language, noted(&did).at), (Some("tr"), at(0)));
    let shown = format!("{message:?}");
    assert!(!shown.contains("elif@") && !shown.contains("token"), "{shown}");
}

#[tokio::test]
async fn a_notice_of_a_new_address_goes_to_the_old_one() {
    let mut world = World::with(MailTemplate::EmailChanged);
    let old = EmailAddress::parse("old@example.org").unwrap();
    world.mail.as_mut().unwrap().address = Some(old.clone());
    let (_, did) = world.attempt(false).await;
    let Did::Sent(message) = &did[0] else { panic!("{did:?}") };
    assert_eq!(message.to.address, old);
}

#[tokio::test]
async fn a_notice_of_a_login_names_its_device() {
    let mut world = World::with(MailTemplate::NewDevice);
    world.device = Some(Device {
        network: Some("203.0.113.0".to_owned()),
        browser: Some("Firefox <140>".to_owned()),
    });
    let (_, did) = world.attempt(false).await;
    let Did::Sent(message) = &did[0] else { panic!("{did:?}") };
    assert!(message.text.contains("203.0.113.0") && message.text.contains("Firefox <140>"));
    assert!(message.html.contains("Firefox &lt;140&gt;"));
}

#[tokio::test]
async fn a_mail_that_was_sent_or_given_up_is_left_alone() {
    for state in [MailState::Sent, MailState::Bounced, MailState::Failed, MailState::HeldBack] {
        let mut world = reset();
        world.mail.as_mut().unwrap().state = state;
        let (outcome, did) = world.attempt(false).await;
        outcome.unwrap();
        assert!(did.is_empty(), "{did:?}");
    }
    let (outcome, _) = World { mail: None, ..reset() }.attempt(false).await;
    assert!(matches!(outcome, Err(JobError::GiveUp { .. })));
}

#[tokio::test]
async fn a_mail_whose_link_leads_nowhere_or_whose_user_is_gone_is_not_sent() {
    let expired = World { link_expires_at: Some(at(0)), ..reset() };
    let used = World { link_expires_at: None, ..reset() };
    let gone = World { recipient: None, ..reset() };
    for (world, problem) in [
        (expired, MailProblem::LinkExpired),
        (used, MailProblem::LinkExpired),
        (gone, MailProblem::NoRecipient),
    ] {
        let (outcome, did) = world.attempt(false).await;
        outcome.unwrap();
        assert!(!is_sent(&did));
        assert_eq!(standing(&did), (MailState::Failed, Some(problem), None));
    }
}

#[tokio::test]
async fn one_too_many_of_a_kind_is_held_back() {
    let (_, did) = World { sent: 4, ..reset() }.attempt(false).await;
    assert!(is_sent(&did));
    let (outcome, did) = World { sent: 5, ..reset() }.attempt(false).await;
    outcome.unwrap();
    assert!(!is_sent(&did));
    assert_eq!(standing(&did), (MailState::HeldBack, Some(MailProblem::TooMany), None));
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_bounces_and_is_not_tried_again() {
    let refused = || Err(SendError::Refused { code: 550, source: "no such user elif@".into() });
    let (outcome, did) = World { answer: refused, ..reset() }.attempt(false).await;
    outcome.unwrap();
    assert_eq!(standing(&did), (MailState::Bounced, Some(MailProblem::Refused), Some(550)));
}

#[tokio::test]
async fn anything_else_is_tried_again_until_the_last_attempt() {
    type Answer = fn() -> Result<Option<u16>, SendError>;
    let answers: [(Answer, MailProblem, Option<u16>, &str); 3] = [
        (
            || Err(SendError::Deferred { code: 451, source: "later, elif@".into() }),
            MailProblem::Deferred,
            Some(451),
            "deferred: 451",
        ),
        (
            || Err(SendError::NotAccepted { code: Some(535), source: "bad login".into() }),
            MailProblem::NotAccepted,
            Some(535),
            "not_accepted: 535",
        ),
        (
            || Err(SendError::Unreachable("refused".into())),
            MailProblem::Unreachable,
            None,
            "unreachable",
        ),
    ];
    for (answer, problem, reply, told) in answers {
        for (is_last, state) in [(false, MailState::Queued), (true, MailState::Failed)] {
            let (outcome, did) = World { answer, ..reset() }.attempt(is_last).await;
            let error = outcome.unwrap_err();
            assert!(matches!(error, JobError::Retry { .. }), "{error:?}");
            // Neither an address nor the other server's words.
            assert_eq!(error.to_string(), told);
            assert_eq!(standing(&did), (state, Some(problem), reply));
        }
    }
}
