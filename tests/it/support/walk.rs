//! Walks through a list page by page, as a client does.

use almoner_kernel::{Page, PageRequest, StoreError};

/// Every record of a list, read in pages of `limit`; `between` runs after each page but the last.
pub async fn walk<T>(
    limit: u32,
    mut page: impl AsyncFnMut(PageRequest) -> Result<Page<T>, StoreError>,
    mut between: impl AsyncFnMut(usize),
) -> Vec<T> {
    let mut all = Vec::new();
    let mut request = PageRequest::first(limit);
    for round in 0.. {
        let read = page(request.clone()).await.unwrap();
        assert!(read.items.len() <= limit as usize, "a page is longer than was asked for");
        let is_full = read.items.len() == limit as usize;
        all.extend(read.items);
        match read.next {
            Some(next) => {
                assert!(is_full, "a page before the last is not full");
                request.after = Some(next);
            }
            None => break,
        }
        between(round).await;
    }
    all
}
