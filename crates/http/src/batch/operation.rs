//! The operation that is the same for every kind of record.

/// Makes `POST /{resource}/batch` of one kind of record: each item is a call of the use case that
/// serves it alone.
///
/// `domain` is the field of [`Domains`](crate::Domains) and the name of the resource, `bodies` are
/// those of a new record, of a change and of an answer, `with` what their `command` needs of the
/// domains beside the fields. A function `created` answers for a new record in the module above.
macro_rules! batch_operation {
    (
        name: $name:ident,
        domain: $domain:ident $resource:literal,
        entity: $entity:ident,
        permissions: [$create:ident, $update:ident, $delete:ident],
        bodies: [$New:ident, $Patch:ident, $Record:ident],
        with: [$($with:ident),*] $(,)?
    ) => {
        use actix_web::post;

        struct Records;

        impl $crate::batch::Batched for Records {
            type Entity = $entity;
            type New = $New;
            type Patch = $Patch;
            const PERMISSIONS: [almoner_kernel::Permission; 3] = [
                almoner_kernel::Permission::$create,
                almoner_kernel::Permission::$update,
                almoner_kernel::Permission::$delete,
            ];

            async fn create(
                domains: &$crate::Domains,
                cx: &almoner_kernel::Context,
                body: $crate::Body<$New>,
            ) -> Result<$crate::Answer, $crate::Problem> {
                let draft = body.value.command(body.fields $(, domains.$with)*)?;
                Ok(super::created(&domains.$domain.create(cx, draft).await?))
            }

            async fn update(
                domains: &$crate::Domains,
                cx: &almoner_kernel::Context,
                id: almoner_kernel::Id<$entity>,
                expected: almoner_kernel::Version,
                body: $crate::Body<$Patch>,
            ) -> Result<$crate::Answer, $crate::Problem> {
                let patch = body.value.command(body.fields $(, domains.$with)*)?;
                let record = domains.$domain.update(cx, id, expected, patch).await?;
                Ok($crate::Answer::ok(record.version, &$Record::of(&record)))
            }

            async fn delete(
                domains: &$crate::Domains,
                cx: &almoner_kernel::Context,
                id: almoner_kernel::Id<$entity>,
                expected: almoner_kernel::Version,
            ) -> Result<$crate::Answer, $crate::Problem> {
                domains.$domain.delete(cx, id, expected).await?;
                Ok($crate::Answer::no_content())
            }
        }

        #[utoipa::path(
            tag = $resource,
            summary = concat!("Change many ", $resource),
            description = concat!(
                "Creates, changes and deletes up to 1,000 ", $resource, " in one request, in the order \
                 of `items`; each item needs the permission of its operation. With `mode=atomic` all \
                 items are stored or none: when one fails, the answer is a 422 with the code \
                 `batch_failed` that lists what is wrong with every item. With `mode=each` the answer \
                 is a 207 that says for each item what became of it. A user has one batch under way at a \
                 time and a quota of items: ten for each request of the quota of requests, and at \
                 least 1,000 at once; a batch beyond either is a 429. RateLimit-* tell of items when \
                 fewer of them are left than of requests.",
            ),
            params($crate::batch::BatchParams),
            request_body(
                content = $crate::batch::BatchBody<$New, $Patch>,
                example = json!($crate::batch::request_example(&$New::example(), &$Patch::example())),
            ),
            responses(
                (
                    status = 200,
                    description = "Everything is stored",
                    body = $crate::batch::BatchResults<$Record>,
                    example = json!($crate::batch::results_example($resource, &$Record::example())),
                ),
                (
                    status = 207,
                    description = "With `mode=each`: what became of each item",
                    body = $crate::batch::BatchResults<$Record>,
                    example = json!($crate::batch::mixed_example($resource, &$Record::example())),
                ),
            ),
            extensions(("x-permission" = json!(concat!($resource, ":create")))),
        )]
        #[post("/batch")]
        pub(super) async fn $name(
            cx: $crate::Cx,
            req: actix_web::HttpRequest,
            domains: actix_web::web::Data<$crate::Domains>,
            services: actix_web::web::Data<$crate::services::Services>,
            mode: $crate::StrictQuery<$crate::batch::BatchParams>,
            items: $crate::batch::Items,
        ) -> Result<$crate::Answer, $crate::Problem> {
            $crate::batch::run::<Records>(&cx, &req, &domains, &services, mode.0, items).await
        }
    };
}

pub(crate) use batch_operation;
