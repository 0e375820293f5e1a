//! Lists of donors, campaigns and donations, and the summaries of donations.

use almoner_donations::{
    CampaignQuery, CampaignSort, DonationQuery, DonationSort, DonorKind, DonorLookup, DonorQuery,
    DonorSort, GroupBy, Method, State, SummaryQuery,
};
use almoner_kernel::{Currency, Scope, Sort, Trash};

use super::{DIRECTIONS, Inspector, Known};
use crate::{
    plans::verdict::Order,
    support::{day, email, national_id, phone},
};

pub async fn donors(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = DonorQuery::default;
    let me = known.me;
    let mut queries = vec![
        ("kind", DonorQuery { kind: Some(DonorKind::Person), ..any() }, Scope::All),
        ("rare kind", DonorQuery { kind: Some(DonorKind::Organisation), ..any() }, Scope::All),
        ("consent", DonorQuery { contact_consent: Some(true), ..any() }, Scope::All),
        ("created_by", DonorQuery { created_by: Some(me), ..any() }, Scope::All),
        ("trash", DonorQuery { trash: Trash::Only, ..any() }, Scope::All),
        ("own", any(), Scope::Own(me)),
        ("own trash", DonorQuery { trash: Trash::Only, ..any() }, Scope::Own(me)),
    ];
    for field in [DonorSort::CreatedAt, DonorSort::Name] {
        for direction in DIRECTIONS {
            queries.push((
                "sort",
                DonorQuery { sort: Sort { field, direction }, ..any() },
                Scope::All,
            ));
        }
    }
    let alone = queries.len();
    for q in ["ali", "yilmaz 77", "donor123", "a", "nobody"] {
        for field in [DonorSort::CreatedAt, DonorSort::Name] {
            let query = DonorQuery { q: Some(q.to_owned()), sort: Sort::down(field), ..any() };
            queries.push(("search", query.clone(), Scope::All));
            queries.push((
                "search in the trash",
                DonorQuery { trash: Trash::Only, ..query.clone() },
                Scope::All,
            ));
            queries.push(("search own", query, Scope::Own(me)));
        }
    }
    let by_name: Vec<_> = queries[..alone]
        .iter()
        .map(|(_, query, scope)| {
            let query = DonorQuery { sort: Sort::up(DonorSort::Name), ..query.clone() };
            ("by name with a filter", query, *scope)
        })
        .collect();
    let searched = queries.len();
    queries.extend(by_name);
    for (n, (what, query, scope)) in queries.into_iter().enumerate() {
        let is_common = query.kind.is_some() || query.contact_consent.is_some();
        let is_own = scope.creator().is_some();
        let order = match query.trash {
            _ if n < alone => Order::FromIndex,
            Trash::Without if n >= searched && is_common => Order::KeysFromIndex,
            Trash::Without if n >= searched && (is_own || query.created_by.is_some()) => {
                Order::KeysMaySort
            }
            Trash::Without if n >= searched => Order::FromIndex,
            _ => Order::MaySort,
        };
        let what = format!("donors: {what} {query:?} {scope:?}");
        inspector
            .list(what, order, async |page| world.donors().list(&query, scope, &page).await)
            .await;
    }
    let lookups = [
        DonorLookup::Email(email("donor5@example.org")),
        DonorLookup::Phone(phone("0532 000 00 05")),
        DonorLookup::Identity(national_id(5)),
    ];
    for lookup in &lookups {
        for scope in [Scope::All, Scope::Own(me)] {
            let reading = world.donors().lookup(lookup, scope, 20);
            inspector.look("donors: lookup", Order::FromIndex, reading).await;
        }
    }
    let reading = world.donors().find(known.donor.id, Scope::Own(me));
    inspector.look("donors: find", Order::FromIndex, reading).await;
}

pub async fn campaigns(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    let any = CampaignQuery::default;
    let running = || CampaignQuery { running_on: Some(day(2022, 5, 5)), ..any() };
    let mut queries = vec![
        (CampaignQuery { trash: Trash::Only, ..any() }, Order::FromIndex),
        (running(), Order::MaySort),
        (CampaignQuery { q: Some("kampanya 1".to_owned()), ..any() }, Order::MaySort),
        (CampaignQuery { q: Some("nobody".to_owned()), ..running() }, Order::MaySort),
    ];
    for field in [CampaignSort::CreatedAt, CampaignSort::Name] {
        for direction in DIRECTIONS {
            let sort = Sort { field, direction };
            queries.push((CampaignQuery { sort, ..any() }, Order::FromIndex));
            queries.push((CampaignQuery { sort, ..running() }, Order::MaySort));
        }
    }
    for (query, order) in queries {
        inspector
            .list(format!("campaigns: {query:?}"), order, async |page| {
                world.campaigns().list(&query, &page).await
            })
            .await;
    }
}

/// Every filter of donations alone.
fn donation_filters(known: &Known) -> Vec<(DonationQuery, Scope, Order)> {
    let any = DonationQuery::default;
    let equal = [
        DonationQuery { state: Some(State::Pending), ..any() },
        DonationQuery { method: Some(Method::Sms), ..any() },
        DonationQuery { currency: Some(Currency::parse("EUR").unwrap()), ..any() },
        DonationQuery { campaign_id: Some(known.campaign.id), ..any() },
        DonationQuery { donor_id: Some(known.donor.id), ..any() },
        DonationQuery { created_by: Some(known.me), ..any() },
        DonationQuery { trash: Trash::Only, ..any() },
        any(),
    ];
    let ranges = [
        DonationQuery { donated_from: Some(day(2025, 12, 30)), ..any() },
        DonationQuery { donated_from: Some(day(2020, 1, 2)), ..any() },
        DonationQuery { donated_to: Some(day(2020, 1, 2)), ..any() },
        DonationQuery {
            donated_from: Some(day(2023, 1, 1)),
            donated_to: Some(day(2023, 1, 31)),
            ..any()
        },
        DonationQuery { amount_min: Some(9_999_000), ..any() },
        DonationQuery { amount_min: Some(2), ..any() },
        DonationQuery { amount_max: Some(1_000), ..any() },
        DonationQuery { amount_min: Some(5_000), amount_max: Some(5_500), ..any() },
    ];
    let searches = ["ayse", "amac 77", "ali 123", "a", "nobody"]
        .map(|q| DonationQuery { q: Some(q.to_owned()), ..any() });
    let scoped = [
        (any(), Scope::Own(known.me), Order::FromIndex),
        (any(), Scope::Assigned(known.me), Order::FromIndex),
    ];
    let with = |queries: Vec<DonationQuery>, order| {
        queries.into_iter().map(move |query| (query, Scope::All, order))
    };
    with(equal.to_vec(), Order::FromIndex)
        .chain(with(ranges.to_vec(), Order::MaySort))
        .chain(with(searches.to_vec(), Order::MaySort))
        .chain(scoped)
        .collect()
}

/// What a filter may cost with a sort.
fn with_sort(query: &DonationQuery, scope: Scope) -> Order {
    let is_newest_first = matches!(query.sort.field, DonationSort::CreatedAt);
    let has_range = query.donated_from.is_some()
        || query.donated_to.is_some()
        || query.amount_min.is_some()
        || query.amount_max.is_some();
    let is_common = query.state.is_some() || query.method.is_some() || query.currency.is_some();
    let is_of_few = query.donor_id.is_some() || query.trash == Trash::Only;
    let is_owned = query.created_by.is_some() || scope.creator().is_some();
    if query.q.is_some() {
        Order::MaySort
    } else if is_newest_first {
        if has_range { Order::KeysMaySort } else { Order::FromIndex }
    } else if is_of_few {
        Order::MaySort
    } else if is_common {
        Order::KeysFromIndex
    } else if has_range || is_owned || query.campaign_id.is_some() {
        Order::KeysMaySort
    } else {
        Order::FromIndex
    }
}

pub async fn donations(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let fields = [DonationSort::CreatedAt, DonationSort::DonatedOn, DonationSort::Amount];
    let filters = donation_filters(known);
    let mut queries = filters.clone();
    for field in fields {
        for direction in DIRECTIONS {
            let sort = Sort { field, direction };
            let sorted = DonationQuery { sort, ..DonationQuery::default() };
            queries.push((sorted, Scope::All, Order::FromIndex));
            // Each filter with each sort.
            queries.extend(filters.iter().map(|(query, scope, _)| {
                let query = DonationQuery { sort, ..query.clone() };
                let order = with_sort(&query, *scope);
                (query, *scope, order)
            }));
        }
    }
    // What a frontend asks for.
    let combined = DonationQuery {
        state: Some(State::Completed),
        donated_from: Some(day(2024, 1, 1)),
        donated_to: Some(day(2024, 3, 31)),
        sort: Sort::down(DonationSort::DonatedOn),
        ..DonationQuery::default()
    };
    let more = [
        DonationQuery { method: Some(Method::Cash), ..combined.clone() },
        DonationQuery { campaign_id: Some(known.campaign.id), ..combined.clone() },
        DonationQuery { donor_id: Some(known.donor.id), ..combined.clone() },
        DonationQuery { q: Some("ayse".to_owned()), ..combined.clone() },
        DonationQuery { amount_min: Some(1_000_000), ..combined.clone() },
        combined,
    ];
    for query in more {
        for scope in [Scope::All, Scope::Own(known.me)] {
            queries.push((query.clone(), scope, Order::MaySort));
        }
    }
    for (query, scope, order) in queries {
        inspector
            .list(format!("donations: {query:?} {scope:?}"), order, async |page| {
                world.donations().list(&query, scope, &page).await
            })
            .await;
    }
    let reading = world.donations().find(world.id(), Scope::Own(known.me));
    inspector.look("donations: find", Order::FromIndex, reading).await;
}

pub async fn summaries(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = SummaryQuery::default;
    let filters = [
        any(),
        SummaryQuery { state: State::Pending, ..any() },
        SummaryQuery { donated_from: Some(day(2025, 1, 1)), ..any() },
        SummaryQuery { donated_to: Some(day(2021, 1, 1)), ..any() },
        SummaryQuery { currency: Some(Currency::parse("USD").unwrap()), ..any() },
        SummaryQuery { method: Some(Method::Online), ..any() },
        SummaryQuery { campaign_id: Some(known.campaign.id), ..any() },
        SummaryQuery { donor_id: Some(known.donor.id), ..any() },
    ];
    let groupings: [&[GroupBy]; 5] =
        [&[], &[GroupBy::Month], &[GroupBy::Method], &[GroupBy::Campaign], &GroupBy::ALL];
    for filter in filters {
        for group_by in groupings {
            for scope in [Scope::All, Scope::Own(known.me)] {
                let query = SummaryQuery { group_by: group_by.to_vec(), ..filter.clone() };
                let what = format!("summary: {query:?} {scope:?}");
                let reading = async { world.donations().summary(&query, scope).await.unwrap() };
                inspector.look(&what, Order::MaySort, reading).await;
            }
        }
    }
}
