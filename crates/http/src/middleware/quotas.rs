//! How many requests are answered: by address for strangers, by user and role for everybody else.
//! Both count as GCRA (a leaky bucket): a quota of 60 per minute lets 60 through at once and one
//! more each second. The items of batches are counted by user beside the requests.
//!
//! Strangers go through actix-governor, users through `governor` beneath it, because actix-governor has
//! one quota for each middleware. 60 and 600 a minute: a frontend that loads a page makes dozens of
//! requests. The limits on guessing are stored (`accounts`' `guard.rs`). What a loop could make without
//! end outside business records has a number (`accounts`' `limits.rs`).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix_governor::{
    Governor, GovernorConfig, GovernorConfigBuilder, GovernorMiddleware, GovernorResult,
    KeyExtractor, SimpleKeyExtractionError,
};
use actix_service::boxed::{self, RcService};
use actix_web::{
    Error, HttpMessage, HttpResponse, HttpResponseBuilder, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::header::HeaderName,
    middleware::Next,
    web::Data,
};
use almoner_kernel::{Caller, UserId};
use futures_util::future::Ready;
use governor::{
    InsufficientCapacity, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, QuantaInstant},
    middleware::{StateInformationMiddleware, StateSnapshot},
    state::keyed::DefaultKeyedStateStore,
};

use crate::{
    kit::{
        client,
        cx::{Arrival, Identity},
        problem::{Problem, registry, whole_seconds},
        spent::{self, Spent},
        words,
    },
    middleware::with_headers,
    settings::Quotas,
    site::Site,
};

type ByUser =
    RateLimiter<UserId, DefaultKeyedStateStore<UserId>, DefaultClock, StateInformationMiddleware>;

/// The limiters, shared by all workers of the process.
pub(crate) struct Limits {
    is_on: bool,
    strangers: GovernorConfig<Stranger, StateInformationMiddleware>,
    users: Counted,
    roles: HashMap<String, Counted>,
    until_sweep: AtomicU32,
}

/// What is counted of users with one quota.
struct Counted {
    limit: NonZeroU32,
    requests: ByUser,
    items: ByUser,
}

/// Items a batch has at the most.
pub(crate) const MAX_ITEMS: usize = 1_000;

/// Items of batches that cost as much as a request: most of a request is not its change.
const ITEMS_OF_A_REQUEST: u32 = 10;

impl Counted {
    /// Of so many requests a minute. However few they are, a whole batch can be sent.
    fn of(limit: NonZeroU32) -> Self {
        let limiter = |quota| RateLimiter::keyed(quota).with_middleware();
        let items = limit.saturating_mul(NonZeroU32::MIN.saturating_add(ITEMS_OF_A_REQUEST - 1));
        let whole_batch = NonZeroU32::MIN.saturating_add(MAX_ITEMS as u32 - 1);
        Self {
            limit,
            requests: limiter(Quota::per_minute(limit)),
            items: limiter(Quota::per_minute(items).allow_burst(items.max(whole_batch))),
        }
    }

    fn sweep(&self) {
        self.requests.retain_recent();
        self.items.retain_recent();
    }
}

impl Limits {
    /// None when actix-governor refuses the quota, which it does for zeros only.
    pub(crate) fn new(quotas: &Quotas) -> Option<Self> {
        let mut strangers = GovernorConfigBuilder::default();
        let strangers = strangers
            .period(spent::MINUTE / quotas.stranger.get())
            .burst_size(quotas.stranger.get())
            .key_extractor(Stranger { is_on: quotas.is_on })
            .use_headers()
            .finish()?;
        Some(Self {
            is_on: quotas.is_on,
            strangers,
            users: Counted::of(quotas.user),
            roles: quotas
                .roles
                .iter()
                .map(|(role, limit)| (role.clone(), Counted::of(*limit)))
                .collect(),
            until_sweep: AtomicU32::new(SWEEP_EVERY),
        })
    }

    /// The middleware that counts strangers by their address.
    pub(crate) fn strangers(&self) -> Strangers {
        Strangers(Governor::new(&self.strangers))
    }

    /// Counts something that costs as much as a request and is none.
    ///
    /// # Errors
    /// 429 when the quota is used up.
    pub(crate) fn count(&self, caller: &Caller) -> Result<(), Problem> {
        match self.is_on {
            true => self.spend(caller).map(|_| ()),
            false => Ok(()),
        }
    }

    /// Counts the items of a batch; what is left of them is told when it is less than what is left of
    /// requests.
    ///
    /// # Errors
    /// 429 when the quota of items has no room for all of them.
    pub(crate) fn count_items(
        &self,
        caller: &Caller,
        items: usize,
    ) -> Result<Option<Spent>, Problem> {
        let items = u32::try_from(items).ok().and_then(NonZeroU32::new);
        let Some(items) = items.filter(|_| self.is_on) else { return Ok(None) };
        // Nothing counted can be more than a whole batch, which always has room.
        match self.of(caller).items.check_key_n(&caller.user_id, items) {
            Ok(Ok(left)) => Ok(Some(left_of(&left))),
            Ok(Err(refusal)) => Err(too_many(&refusal, items.get())),
            Err(InsufficientCapacity(most)) => {
                Err(Problem::new(registry::RATE_LIMITED).detail(words::items_out_of_range(most)))
            }
        }
    }

    fn spend(&self, caller: &Caller) -> Result<Spent, Problem> {
        self.sweep();
        match self.of(caller).requests.check_key(&caller.user_id) {
            Ok(left) => Ok(left_of(&left)),
            Err(refusal) => Err(too_many(&refusal, 1)),
        }
    }

    /// Whoever has several roles has the largest quota of theirs.
    fn of(&self, caller: &Caller) -> &Counted {
        let of_role = |name: &str| self.roles.get(name).unwrap_or(&self.users);
        let of_roles = caller.grants.iter().map(|grant| of_role(&grant.role));
        of_roles.max_by_key(|counted| counted.limit).unwrap_or(&self.users)
    }

    /// Forgets users and addresses whose quota is whole again.
    fn sweep(&self) {
        let before = self.until_sweep.fetch_sub(1, Ordering::Relaxed);
        if before == 1 {
            self.until_sweep.store(SWEEP_EVERY, Ordering::Relaxed);
            self.strangers.limiter().retain_recent();
            self.users.sweep();
            self.roles.values().for_each(Counted::sweep);
        }
    }
}

/// Requests between two sweeps: a sweep walks over every key.
const SWEEP_EVERY: u32 = 10_000;

/// Outside of `Governor`: counts users, and writes the headers for both.
pub(crate) async fn limit<B: MessageBody + 'static>(
    site: Data<Site>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let limits = &site.limits;
    if !limits.is_on || is_exempt(&req) {
        return next.call(req).await.map(|answer| bare(answer.map_into_boxed_body()));
    }
    let caller = req.extensions().get::<Identity>().map(|identity| Arc::clone(&identity.0));
    let spent = match caller.map(|caller| limits.spend(&caller)).transpose() {
        Ok(spent) => spent,
        Err(problem) => return Ok(req.error_response(problem)),
    };
    if spent.is_none() {
        limits.sweep();
    }
    let result = next.call(req).await.map(|answer| bare(answer.map_into_boxed_body()));
    let spent = spent.or_else(|| result.as_ref().ok().and_then(spent_by_stranger));
    let of_items = result
        .as_ref()
        .ok()
        .and_then(|answer| answer.request().extensions().get::<Spent>().copied());
    let spent = spent.map(|spent| of_items.map_or(spent, |of_items| spent.or_fewer(of_items)));
    match spent {
        Some(spent) => with_headers(result, move |headers| spent.write(headers)),
        None => result,
    }
}

/// actix-governor over a boxed service: it wants futures that can be moved, which the layers under it
/// do not promise.
pub(crate) struct Strangers(Governor<Stranger, StateInformationMiddleware>);

impl<S, B> Transform<S, ServiceRequest> for Strangers
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type InitError = ();
    type Transform = GovernorMiddleware<
        RcService<ServiceRequest, ServiceResponse<B>, Error>,
        Stranger,
        StateInformationMiddleware,
    >;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        self.0.new_transform(boxed::rc_service(service))
    }
}

/// The part of actix-governor that says who a stranger is: the network of the client's address, and
/// nobody at all for everything that is not counted here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stranger {
    is_on: bool,
}

impl KeyExtractor for Stranger {
    type Key = Option<IpAddr>;
    type KeyExtractionError = SimpleKeyExtractionError<&'static str>;

    fn extract(&self, req: &ServiceRequest) -> Result<Self::Key, Self::KeyExtractionError> {
        let is_user = req.extensions().contains::<Identity>();
        if !self.is_on || is_user || is_exempt(req) {
            return Ok(None);
        }
        let extensions = req.extensions();
        let address = extensions.get::<Rc<Arrival>>().and_then(|arrival| arrival.origin.address);
        // Without an address (a Unix socket) all strangers share one quota.
        Ok(Some(client::network(address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()))))
    }

    fn exceed_rate_limit_response(
        &self,
        refusal: &NotUntil<QuantaInstant>,
        _: HttpResponseBuilder,
    ) -> HttpResponse {
        too_many(refusal, 1).error_response()
    }

    fn whitelisted_keys(&self) -> Vec<Self::Key> {
        vec![None]
    }
}

fn is_exempt(req: &ServiceRequest) -> bool {
    req.path().starts_with("/health/") || req.path() == "/metrics"
}

fn left_of(left: &StateSnapshot) -> Spent {
    let quota = left.quota();
    Spent::at(quota.burst_size().get(), left.remaining_burst_capacity(), quota.replenish_interval())
}

/// `wanted` at once is more than what is left.
fn too_many(refusal: &NotUntil<QuantaInstant>, wanted: u32) -> Problem {
    let wait = refusal.wait_time_from(DefaultClock::default().now());
    let quota = refusal.quota();
    let pace = quota.replenish_interval();
    let missing = wait.as_nanos().div_ceil(pace.as_nanos().max(1)).max(1);
    let left = wanted.saturating_sub(u32::try_from(missing).unwrap_or(wanted));
    Problem::new(registry::RATE_LIMITED)
        .retry_after(wait.max(Duration::from_secs(1)))
        .detail(words::wait(whole_seconds(wait).max(1)))
        .spent(Spent::at(quota.burst_size().get(), left, pace))
}

/// What actix-governor left in the request.
fn spent_by_stranger(answer: &ServiceResponse) -> Option<Spent> {
    let extensions = answer.request().extensions();
    match extensions.get::<GovernorResult<SimpleKeyExtractionError<&'static str>>>()? {
        GovernorResult::Ok { burst_size: Some(limit), remaining: Some(remaining) } => {
            Some(Spent::of(*limit, *remaining))
        }
        _ => None,
    }
}

static OTHERS: [HeaderName; 4] = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-after"),
    HeaderName::from_static("x-ratelimit-whitelisted"),
];

/// actix-governor's own headers have other names and leave the reset out.
fn bare(mut answer: ServiceResponse) -> ServiceResponse {
    for name in &OTHERS {
        answer.headers_mut().remove(name);
    }
    answer
}
