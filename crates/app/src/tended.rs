//! Work that goes on for as long as the server runs.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;

/// Before broken work begins anew.
const PAUSE: Duration = Duration::from_secs(1);

/// Does something, and begins anew when it panics, until it comes to its end: a part that broke must not
/// leave lists or webhooks without news until the next start. The panic itself is a line of the log.
pub async fn tended<F: Future<Output = ()>>(part: &'static str, work: impl Fn() -> F) {
    while AssertUnwindSafe(async { work().await }).catch_unwind().await.is_err() {
        tracing::error!(part, "a part of the server broke and begins anew");
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_breaks_begins_anew_until_it_is_done() {
        let times = Cell::new(0);
        let work = || async {
            times.set(times.get() + 1);
            tokio::task::yield_now().await;
            assert!(times.get() > 2, "broken");
        };
        tended("test", work).await;
        assert_eq!(times.get(), 3);
    }
}
