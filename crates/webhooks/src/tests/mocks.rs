use almoner_kernel::{
    Clock, DeliveryId, Feed, Ids, Notice, Page, PageRequest, StoreError, Timestamp, Trail,
    UnitOfWork, Version, WebhookId,
};
use async_trait::async_trait;
use mockall::mock;
use uuid::Uuid;

use crate::{
    Call, Delivery, DeliveryQuery, Due, Outbox, Reply, Secret, Secrets, Sender, Trust, Webhook,
    Webhooks, WebhooksTx,
};

mock! {
    pub Ids {}

    impl Ids for Ids {
        fn next(&self) -> Uuid;
    }
}

mock! {
    pub Trust {}

    impl Trust for Trust {
        fn is_doubted(&self) -> bool;
    }
}

mock! {
    pub Clock {}

    impl Clock for Clock {
        fn now(&self) -> Timestamp;
    }
}

mock! {
    pub Secrets {}

    impl Secrets for Secrets {
        fn webhook_secret(&self) -> Result<Secret, StoreError>;
    }
}

mock! {
    pub Feed {}

    #[async_trait]
    impl Feed for Feed {
        async fn head(&self) -> Result<i64, StoreError>;
        async fn after(&self, position: i64, limit: u32) -> Result<Vec<Notice>, StoreError>;
        async fn beyond(&self, position: i64) -> i64;
    }
}

mock! {
    pub Sender {}

    #[async_trait]
    impl Sender for Sender {
        async fn send(&self, call: &Call) -> Reply;
    }
}

mock! {
    pub Outbox {}

    #[async_trait]
    impl Outbox for Outbox {
        async fn position(&self) -> Result<i64, StoreError>;
        async fn active(&self) -> Result<Vec<Webhook>, StoreError>;
        async fn put(
            &self,
            from: i64,
            to: i64,
            deliveries: &[Delivery],
            at: Timestamp,
        ) -> Result<bool, StoreError>;
        async fn due(&self, id: DeliveryId, at: Timestamp) -> Result<Option<Due>, StoreError>;
        async fn record(
            &self,
            delivery: &Delivery,
            quiet_until: Option<Timestamp>,
        ) -> Result<(), StoreError>;
        async fn drop_pending(&self, delivery: &Delivery) -> Result<(), StoreError>;
        async fn forget(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
    }
}

mock! {
    pub Webhooks {}

    #[async_trait]
    impl Webhooks for Webhooks {
        async fn begin(&self) -> Result<Box<dyn WebhooksTx>, StoreError>;
        async fn find(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;
        async fn list(&self, page: &PageRequest) -> Result<Page<Webhook>, StoreError>;
        async fn deliveries(
            &self,
            webhook: WebhookId,
            query: &DeliveryQuery,
            page: &PageRequest,
        ) -> Result<Page<Delivery>, StoreError>;
    }
}

mock! {
    pub Tx {}

    #[async_trait]
    impl UnitOfWork for Tx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl WebhooksTx for Tx {
        async fn webhook(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError>;
        async fn head(&mut self) -> Result<i64, StoreError>;
        async fn count(&mut self) -> Result<u64, StoreError>;
        async fn insert_webhook(
            &mut self,
            webhook: &Webhook,
            secret: &Secret,
        ) -> Result<(), StoreError>;
        async fn update_webhook(&mut self, webhook: &Webhook) -> Result<(), StoreError>;
        async fn replace_secret(
            &mut self,
            id: WebhookId,
            secret: &Secret,
            both_until: Timestamp,
        ) -> Result<(), StoreError>;
        async fn remove_webhook(&mut self, id: WebhookId) -> Result<(), StoreError>;
        async fn end_quiet(&mut self, id: WebhookId) -> Result<(), StoreError>;
        async fn delivery(
            &mut self,
            webhook: WebhookId,
            id: DeliveryId,
        ) -> Result<Option<Delivery>, StoreError>;
        async fn insert_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError>;
        async fn update_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError>;
    }
}
