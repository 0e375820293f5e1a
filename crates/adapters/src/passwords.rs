//! Argon2id on a few threads of its own. A hash takes about 20 ms and 19 MiB: on the async workers it
//! would stop every other request, on tokio's blocking pool it would take gigabytes. Here a fixed
//! number of threads re-use one block of memory each, and whoever waits too long is told so.
//!
//! The threads stand a little behind all others (`nice` 3), so that logins do not hold up reading.

use std::{
    io, panic,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use almoner_accounts::{
    ports::{HashError, PasswordHasher},
    user::PasswordHashText,
};
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tokio::sync::oneshot;

/// Memory in KiB: 19 MiB, with two passes and one lane the OWASP minimum for Argon2id.
pub const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
pub const PASSES: u32 = 2;
/// Lanes.
pub const LANES: u32 = 1;

/// Bytes of a salt (RFC 9106, 3.1).
const SALT_LEN: usize = 16;
/// Bytes of a hash.
const OUTPUT_LEN: usize = 32;
/// The most memory that a stored hash may ask for, in KiB: one damaged row must not end the process.
const MOST_MEMORY_KIB: u32 = 256 * 1_024;

/// Hashes and verifies passwords on threads of its own. Dropping it ends them once their queue is
/// empty.
pub struct ArgonHasher {
    queue: SyncSender<Job>,
    patience: Duration,
}

/// How much may be computed and may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherLimits {
    /// Threads, each with 19 MiB.
    pub threads: u32,
    /// Passwords that may wait for a thread.
    pub waiting: usize,
    /// The longest wait, computation included.
    pub patience: Duration,
}

impl HasherLimits {
    /// That many threads; 64 may wait, 5 seconds at the most.
    pub const fn with_threads(threads: u32) -> Self {
        Self { threads, waiting: 64, patience: Duration::from_secs(5) }
    }
}

impl ArgonHasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(limits: HasherLimits) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(limits.waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..limits.threads.max(1) {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new().name(format!("password-{number}")).spawn(move || work(&jobs))?;
        }
        Ok(Self { queue, patience: limits.patience })
    }

    async fn ask(&self, task: Task) -> Result<Answer, HashError> {
        let busy = || HashError::Busy { retry_after: self.patience };
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + self.patience;
        let job = Job { task, deadline, reply };
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => busy(),
            TrySendError::Disconnected(_) => failed("the password threads have ended"),
        })?;
        match tokio::time::timeout(self.patience, answer).await {
            Err(_) => Err(busy()),
            // The thread passed over the job because its time was up, before this timer noticed.
            Ok(Err(_)) if Instant::now() >= deadline => Err(busy()),
            Ok(Err(_)) => Err(failed("a password thread gave no answer")),
            Ok(Ok(answer)) => answer,
        }
    }
}

#[async_trait]
impl PasswordHasher for ArgonHasher {
    async fn hash(&self, password: &SecretString) -> Result<PasswordHashText, HashError> {
        match self.ask(Task::Hash(password.clone())).await? {
            Answer::Hashed(hash) => Ok(hash),
            Answer::Verified(_) => Err(failed("a password thread answered another question")),
        }
    }

    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHashText>,
    ) -> Result<bool, HashError> {
        match self.ask(Task::Verify(password.clone(), hash.cloned())).await? {
            Answer::Verified(is_right) => Ok(is_right),
            Answer::Hashed(_) => Err(failed("a password thread answered another question")),
        }
    }

    fn needs_rehash(&self, hash: &PasswordHashText) -> bool {
        let Ok(hash) = PasswordHash::new(hash.expose()) else { return true };
        let strong = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && hash.salt.as_ref().is_some_and(|salt| salt.len() >= SALT_LEN)
            && hash.hash.as_ref().is_some_and(|output| output.len() >= OUTPUT_LEN);
        let same = Params::try_from(&hash).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
        });
        !(strong && same)
    }
}

struct Job {
    task: Task,
    deadline: Instant,
    reply: oneshot::Sender<Result<Answer, HashError>>,
}

enum Task {
    Hash(SecretString),
    Verify(SecretString, Option<PasswordHashText>),
}

enum Answer {
    Hashed(PasswordHashText),
    Verified(bool),
}

/// A little behind all other threads (3 on the scale of `nice`): who logs in waits for the processor
/// some milliseconds longer, who works in the meantime hardly notices.
const BEHIND: u8 = 39;

/// Takes jobs until there is no hasher any more.
fn work(jobs: &Mutex<Receiver<Job>>) {
    let behind = ThreadPriorityValue::try_from(BEHIND).map(ThreadPriority::Crossplatform);
    if let Ok(Err(error)) = behind.map(thread_priority::set_current_thread_priority) {
        tracing::debug!(?error, "password checks run as fast as everything else");
    }
    let mut memory = Vec::new();
    loop {
        // The lock is held while waiting: the threads wait for it instead, and one job wakes one.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Nobody waits any more: the request was cut off, or told that we are busy.
        if job.reply.is_closed() || job.deadline < Instant::now() {
            continue;
        }
        let answer = panic::catch_unwind(panic::AssertUnwindSafe(|| answer(job.task, &mut memory)))
            .unwrap_or_else(|_| Err(failed("a password thread panicked")));
        // The caller may have gone meanwhile; then nobody needs the answer.
        drop(job.reply.send(answer));
    }
}

fn answer(task: Task, memory: &mut Vec<Block>) -> Result<Answer, HashError> {
    match task {
        Task::Hash(password) => {
            let mut salt = [0; SALT_LEN];
            getrandom::fill(&mut salt).map_err(failed)?;
            hash(&password, &salt, memory).map(Answer::Hashed)
        }
        Task::Verify(password, Some(stored)) => {
            verify(&password, &stored, memory).map(Answer::Verified)
        }
        Task::Verify(password, None) => {
            // The same work on a fixed salt. Its result is not looked at: no password fits nobody.
            hash(&password, &[0; SALT_LEN], memory).map(|_| Answer::Verified(false))
        }
    }
}

fn hash(
    password: &SecretString,
    salt: &[u8],
    memory: &mut Vec<Block>,
) -> Result<PasswordHashText, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_LEN)).map_err(failed)?;
    let shown = ParamsString::try_from(&params).map_err(failed)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; OUTPUT_LEN];
    compute(&argon, password, salt, &mut output, memory)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: shown,
        salt: Some(Salt::new(salt).map_err(failed)?),
        hash: Some(Output::new(&output).map_err(failed)?),
    };
    Ok(PasswordHashText::new(hash.to_string()))
}

fn verify(
    password: &SecretString,
    stored: &PasswordHashText,
    memory: &mut Vec<Block>,
) -> Result<bool, HashError> {
    let stored = PasswordHash::new(stored.expose()).map_err(failed)?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(failed("a stored password hash has no salt or no output"));
    };
    let algorithm = Algorithm::new(stored.algorithm).map_err(failed)?;
    let version = stored
        .version
        .map_or(Ok(Version::V0x13), |number| Version::try_from(number).map_err(failed))?;
    let params = Params::try_from(&stored).map_err(failed)?;
    if params.m_cost() > MOST_MEMORY_KIB {
        return Err(failed("a stored password hash asks for too much memory"));
    }
    let argon = Argon2::new(algorithm, version, params);
    let mut output = vec![0; expected.len()];
    compute(&argon, password, salt, &mut output, memory)?;
    // `Output` compares in constant time.
    Ok(Output::new(&output).map_err(failed)? == *expected)
}

fn compute(
    argon: &Argon2<'_>,
    password: &SecretString,
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Vec<Block>,
) -> Result<(), HashError> {
    let blocks = argon.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    argon
        .hash_password_into_with_memory(
            password.expose_secret().as_bytes(),
            salt,
            output,
            &mut memory[..blocks],
        )
        .map_err(failed)
}

fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> HashError {
    HashError::Failed(cause.into())
}

#[cfg(test)]
mod tests;
