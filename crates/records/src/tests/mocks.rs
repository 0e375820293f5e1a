//! Stand-ins for storage that refuse every call a test did not announce: a use case that touches a
//! port too early, twice or for nothing fails its test.

use std::sync::{Arc, Mutex};

use almoner_kernel::{
    Id, Ids, Page, PageRequest, Scope, StoreError, Timestamp, Trail, UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use mockall::mock;
use uuid::Uuid;

use crate::{
    Child, Counter, Field, Kept, Key, Kind, Query, Record, Repository, Unit,
    reference::TargetName,
    summing::{Line, Summing},
};

mock! {
    pub Ids {}

    impl Ids for Ids {
        fn next(&self) -> Uuid;
    }
}

mock! {
    pub Repository<R: Record> {}

    #[async_trait]
    impl<R: Record> Repository<R> for Repository<R> {
        async fn begin(&self) -> Result<Box<dyn Unit<R>>, StoreError>;
        async fn find(&self, id: Id<R>, scope: Scope) -> Result<Option<Kept<R>>, StoreError>;
        async fn list(
            &self,
            query: &Query,
            scope: Scope,
            page: &PageRequest,
        ) -> Result<Page<Kept<R>>, StoreError>;
        async fn summary(
            &self,
            summing: &Summing,
            scope: Scope,
        ) -> Result<Option<Vec<Line>>, StoreError>;
        async fn labels(
            &self,
            field: &'static Field,
            ids: &[Uuid],
            scope: Scope,
        ) -> Result<Vec<(Uuid, String)>, StoreError>;
        async fn lookup(
            &self,
            field: &'static Field,
            key: &Key,
            scope: Scope,
            limit: u32,
        ) -> Result<Vec<Kept<R>>, StoreError>;
        async fn within(
            &self,
            field: &'static Field,
            ids: &[Uuid],
            scope: Scope,
        ) -> Result<Vec<Uuid>, StoreError>;
    }
}

mock! {
    pub Unit<R: Record> {}

    #[async_trait]
    impl<R: Record> UnitOfWork for Unit<R> {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl<R: Record> Unit<R> for Unit<R> {
        async fn load(&mut self, id: Id<R>, scope: Scope) -> Result<Option<Kept<R>>, StoreError>;
        async fn insert(&mut self, record: &Kept<R>) -> Result<(), StoreError>;
        async fn insert_all(&mut self, records: &[Kept<R>]) -> Result<(), StoreError>;
        async fn update(&mut self, record: &Kept<R>) -> Result<(), StoreError>;
        async fn purge(&mut self, id: Id<R>) -> Result<(), StoreError>;
        async fn holder(&mut self, id: Id<R>) -> Result<Option<&'static Kind>, StoreError>;
        async fn is_hidden(
            &mut self,
            field: &'static Field,
            key: &Key,
            scope: Scope,
        ) -> Result<bool, StoreError>;
        async fn secret(
            &mut self,
            field: &'static Field,
            id: Id<R>,
        ) -> Result<Option<(String, String)>, StoreError>;
        async fn lock_collisions(
            &mut self,
            user: UserId,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<Vec<Timestamp>, StoreError>;
        async fn named(
            &mut self,
            field: &'static Field,
            id: Uuid,
            scope: Scope,
        ) -> Result<Option<String>, StoreError>;
        async fn children(&mut self, id: Id<R>, limit: u32) -> Result<Vec<Child>, StoreError>;
        async fn within(
            &mut self,
            field: &'static Field,
            ids: &[Uuid],
            scope: Scope,
        ) -> Result<Vec<Uuid>, StoreError>;
        async fn word(
            &mut self,
            field: &'static Field,
            id: Uuid,
            of: &str,
        ) -> Result<Option<String>, StoreError>;
        async fn count(
            &mut self,
            many: TargetName,
            by: &str,
            id: Uuid,
            limit: u32,
        ) -> Result<u32, StoreError>;
        async fn draw(&mut self, counter: &Counter, year: i32) -> Result<i64, StoreError>;
    }
}

/// The trail a commit received; empty until then.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Option<Trail>>>);

impl Written {
    fn keep(&self, trail: Trail) {
        let earlier = self.0.lock().unwrap().replace(trail);
        assert!(earlier.is_none(), "committed twice");
    }

    /// The trail.
    pub fn trail(&self) -> Trail {
        self.0.lock().unwrap().clone().expect("nothing was committed")
    }
}

impl<R: Record> MockUnit<R> {
    /// One commit succeeds, and its trail is kept.
    pub fn commits(&mut self) -> Written {
        let written = Written::default();
        let kept = written.clone();
        self.expect_commit().once().returning(move |trail| {
            kept.keep(trail);
            Ok(())
        });
        written
    }

    /// One commit is tried and fails: the disk is full.
    pub fn fails_to_commit(&mut self) {
        self.expect_commit().once().returning(|_| Err(away()));
    }

    /// One record is stored anew, or changed.
    pub fn stores(&mut self) {
        self.expect_update().once().returning(|_| Ok(()));
    }
}

/// The database is away.
pub fn away() -> StoreError {
    StoreError::Unavailable("the disk is full".into())
}
