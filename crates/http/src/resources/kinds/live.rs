//! Lists of kinds that are followed.

use std::sync::Arc;

use almoner_kernel::{Context, FieldError, Fields, Scope};
use almoner_records::{AnyRecord, Registry, Served};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{chosen::Chosen, query::KindList, show::Seen};
use crate::{
    domains::Domains,
    kit::{cx::Cx, problem::Problem, words},
    live::{
        list::Following,
        subject::{Page, Subject},
        window::Row,
    },
    routes::API,
};

/// What is followed at an address, when it is the list of a kind.
pub(crate) fn following(
    key: &[u8; 32],
    path: &str,
    query: &str,
    cx: Cx,
    domains: &Domains,
) -> Option<Result<Following, Problem>> {
    let noun = path.strip_prefix(API)?.strip_prefix('/')?;
    let kind = domains.registry.kinds.iter().find(|kind| kind.path == noun)?;
    let served = Arc::clone(domains.kind(kind.many)?);
    let list = cx
        .permit(kind.permissions.read)
        .map_err(Problem::from)
        .and_then(|_| KindList::of_address(key, path, query, &*served));
    Some(list.and_then(|list| of(list, cx.0, served, domains.registry)))
}

/// What is followed by whoever follows a list.
///
/// # Errors
/// 400 for what does not go with a stream.
pub(super) fn of(
    list: KindList,
    cx: Context,
    served: Arc<dyn Served>,
    registry: &'static Registry,
) -> Result<Following, Problem> {
    begins_at_the_first_page(&list)?;
    let kind = served.kind();
    let (what, shape) = list.address.shape(&list.page);
    let targets = kind.references().filter_map(|field| registry.target(field.target?));
    let mut others: Vec<&'static str> = targets.map(|target| target.one).collect();
    // So do others decide who meets it: of children those above, which go to the trash with it, and for those
    // who meet what they belong to, whoever says that they do.
    let is_assigned = matches!(cx.permit(kind.permissions.read), Ok(Scope::Assigned(_)));
    let decide = registry.deciding(kind);
    others.extend(&decide);
    // A record that is found by what another one is called comes and goes with that one's changes.
    // So does a child, which goes to the trash with its parent and is met by whoever meets that one.
    let is_found_by_others = kind.parent.is_some()
        || (is_assigned && !decide.is_empty())
        || (list.query.q.is_some() && kind.references().any(|field| field.is_searched));
    let list = Arc::new(list);
    let read = move |at| {
        let (list, served) = (Arc::clone(&list), Arc::clone(&served));
        // Not the time at which somebody began to follow: that may be hours ago.
        let cx = Context { at, ..cx.clone() };
        let page = async move {
            let page = served.list(&cx, &list.query, &list.page).await?;
            let next_cursor = page.next.as_ref().map(|position| list.address.cursor(position));
            let rows = page.items.iter().map(|record| row(record, &list.chosen));
            let rows = rows.collect::<Result<_, _>>()?;
            Ok(Page { rows, next_cursor })
        };
        Box::pin(page) as BoxFuture<'static, _>
    };
    let entity = kind.one;
    let subject =
        Subject::List { entity, others: Some(others), is_found_by_others, read: Box::new(read) };
    Ok(Following::new(&what, shape, subject))
}

fn begins_at_the_first_page(list: &KindList) -> Result<(), Problem> {
    let mut fields = Fields::default();
    let mut wrong = |name: &'static str| {
        fields.wrong(FieldError::new(name, "not_live", words::not_of_a_live_list()));
    };
    if list.page.after.is_some() {
        wrong("cursor");
    }
    if list.page.count {
        wrong("count");
    }
    fields.finish(Some(())).map_err(Problem::bad_parameters)
}

fn row(record: &AnyRecord, chosen: &Chosen) -> Result<Row, Problem> {
    let mut shows: Vec<Uuid> = vec![record.id()];
    record.each(&mut |field, value| {
        if field.target.is_some()
            && let Some(almoner_records::Key::Uuid(id)) = value.and_then(almoner_records::Show::key)
        {
            shows.push(id);
        }
    });
    let seen = Seen::chosen(&**record, chosen);
    let json = serde_json::to_string(&seen).map_err(|error| Problem::internal(&error))?;
    Ok(Row { id: record.id(), version: record.version().number(), shows, json: json.into() })
}
