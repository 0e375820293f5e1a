//! The hasher against the algorithm's own implementation, and under load.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier};

use super::*;

fn hasher(threads: u32) -> ArgonHasher {
    ArgonHasher::start(HasherLimits::with_threads(threads)).unwrap()
}

fn text(hash: &str) -> PasswordHashText {
    PasswordHashText::new(hash.to_owned())
}

#[tokio::test]
async fn a_password_verifies_against_its_own_hash_only() {
    let hasher = hasher(1);
    let hash = hasher.hash(&"correct horse".into()).await.unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
    assert!(hasher.verify(&"correct horse".into(), Some(&hash)).await.unwrap());
    assert!(!hasher.verify(&"correct horse ".into(), Some(&hash)).await.unwrap());
    assert!(!hasher.verify(&"".into(), Some(&hash)).await.unwrap());
    assert!(!hasher.needs_rehash(&hash));
}

#[tokio::test]
async fn re_used_memory_gives_the_same_hashes_as_fresh_memory() {
    let hasher = hasher(1);
    let reference = Argon2::default();
    for password in ["first", "second", "ğüşiöç"] {
        let ours = hasher.hash(&password.into()).await.unwrap();
        reference.verify_password(password.as_bytes(), ours.expose()).unwrap();
        let theirs =
            reference.hash_password_with_salt(password.as_bytes(), &[7; SALT_LEN]).unwrap();
        let theirs = text(&theirs.to_string());
        assert!(hasher.verify(&password.into(), Some(&theirs)).await.unwrap());
        assert!(!hasher.needs_rehash(&theirs));
    }
}

#[tokio::test]
async fn the_same_password_never_gives_the_same_hash_twice() {
    let hasher = hasher(2);
    let password = "the same".into();
    let (one, two) = tokio::join!(hasher.hash(&password), hasher.hash(&password));
    assert_ne!(one.unwrap(), two.unwrap());
}

#[tokio::test]
async fn without_a_hash_the_answer_is_no_and_takes_as_long() {
    let hasher = hasher(1);
    let password: SecretString = "whatever it is".into();
    let hash = hasher.hash(&password).await.unwrap();
    let mut with = Duration::MAX;
    let mut without = Duration::MAX;
    // The least of several runs is the work itself, without what else the machine did.
    for _ in 0..5 {
        let start = Instant::now();
        assert!(hasher.verify(&password, Some(&hash)).await.unwrap());
        with = with.min(start.elapsed());
        let start = Instant::now();
        assert!(!hasher.verify(&password, None).await.unwrap());
        without = without.min(start.elapsed());
    }
    let ratio = without.as_secs_f64() / with.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{without:?} against {with:?}");
}

#[tokio::test]
async fn weaker_or_foreign_hashes_verify_and_ask_to_be_replaced() {
    let hasher = hasher(1);
    for (algorithm, memory, passes) in [
        (Algorithm::Argon2id, 8_192, 2),
        (Algorithm::Argon2id, MEMORY_KIB, 1),
        (Algorithm::Argon2i, MEMORY_KIB, PASSES),
        (Algorithm::Argon2id, 32_768, 2),
    ] {
        let params = Params::new(memory, passes, 1, None).unwrap();
        let argon = Argon2::new(algorithm, Version::V0x13, params);
        let hash = text(&argon.hash_password_with_salt(b"old", &[3; 16]).unwrap().to_string());
        assert!(hasher.verify(&"old".into(), Some(&hash)).await.unwrap());
        assert!(!hasher.verify(&"new".into(), Some(&hash)).await.unwrap());
        assert!(hasher.needs_rehash(&hash));
    }
    assert!(hasher.needs_rehash(&text("rubbish")));
}

#[tokio::test]
async fn a_damaged_hash_is_a_failure_and_never_a_yes() {
    let hasher = hasher(1);
    for damaged in [
        "",
        "rubbish",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=15,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let error = hasher.verify(&"any".into(), Some(&text(damaged))).await.unwrap_err();
        assert!(matches!(error, HashError::Failed(_)), "{damaged}: {error:?}");
    }
    assert!(hasher.verify(&"any".into(), None).await.is_ok(), "the thread lives on");
}

#[tokio::test]
async fn a_full_queue_says_busy_at_once() {
    let limits = HasherLimits { threads: 1, waiting: 2, patience: Duration::from_secs(60) };
    let hasher = Arc::new(ArgonHasher::start(limits).unwrap());
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.verify(&"any".into(), None).await })
        })
        .collect();
    let mut busy = 0;
    for caller in callers {
        match caller.await.unwrap() {
            Ok(is_right) => assert!(!is_right),
            Err(HashError::Busy { .. }) => busy += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!((1..=18).contains(&busy), "{busy} of 20 were sent away");
}

#[tokio::test]
async fn who_waits_too_long_is_told_busy() {
    let limits = HasherLimits { threads: 1, waiting: 64, patience: Duration::from_millis(1) };
    let hasher = ArgonHasher::start(limits).unwrap();
    let error = hasher.hash(&"any".into()).await.unwrap_err();
    assert!(matches!(error, HashError::Busy { retry_after } if retry_after == limits.patience));
}

#[tokio::test]
async fn work_for_those_who_left_is_not_done() {
    let hasher = hasher(1);
    let start = Instant::now();
    hasher.verify(&"any".into(), None).await.unwrap();
    let one = start.elapsed();
    let start = Instant::now();
    for _ in 0..60 {
        let password: SecretString = "any".into();
        let asked = hasher.hash(&password);
        // Polled once, so that the job is in the queue, then given up.
        tokio::select! { biased; _ = asked => {}, () = std::future::ready(()) => {} }
    }
    hasher.verify(&"any".into(), None).await.unwrap();
    // Against one check on the same machine: the 60 that were given up would take 60 times as long.
    assert!(start.elapsed() < one * 30, "{:?}, one takes {one:?}", start.elapsed());
}
