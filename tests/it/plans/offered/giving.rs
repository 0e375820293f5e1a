//! Lists of donors, campaigns and donations, and the summaries of donations.

use almoner_donations::{Campaign, Donation, Donor, GroupBy, Method, State, SummaryQuery};
use almoner_kernel::{Currency, Scope, Trash};
use almoner_records::{Key, Query, Record, Test};

use super::{Inspector, Known};
use crate::{
    plans::verdict::Order,
    support::{day, email, national_id, phone, query},
};

impl Inspector<'_> {
    /// Looks at what a query string asks for.
    async fn asked<R: Record>(&mut self, text: &str, scope: Scope, order: Order) {
        let asked = query::<R>(text);
        let what = format!("{}?{text} {scope:?}", R::MANY);
        let world = self.world;
        self.list(what, order, async |page| world.records::<R>().list(&asked, scope, &page).await)
            .await;
    }
}

pub async fn donors(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let (me, created_by) = (Scope::Own(known.me), format!("created_by={}", known.me));
    for sort in ["created_at", "-created_at", "name", "-name"] {
        inspector.asked::<Donor>(&format!("sort={sort}"), Scope::All, Order::FromIndex).await;
    }
    for common in ["kind=person", "kind=organisation", "contact_consent=true"] {
        inspector.asked::<Donor>(common, Scope::All, Order::FromIndex).await;
        let by_name = format!("{common}&sort=name");
        inspector.asked::<Donor>(&by_name, Scope::All, Order::KeysFromIndex).await;
    }
    for (text, scope) in [(created_by.as_str(), Scope::All), ("", me)] {
        inspector.asked::<Donor>(text, scope, Order::FromIndex).await;
        inspector.asked::<Donor>(&format!("{text}&sort=name"), scope, Order::KeysMaySort).await;
    }
    for scope in [Scope::All, me] {
        inspector.asked::<Donor>("deleted=only", scope, Order::FromIndex).await;
        inspector.asked::<Donor>("deleted=only&sort=name", scope, Order::MaySort).await;
    }
    for q in ["ali", "yilmaz+77", "donor123", "a", "nobody"] {
        for sort in ["-created_at", "-name"] {
            let text = format!("q={q}&sort={sort}");
            inspector.asked::<Donor>(&text, Scope::All, Order::MaySort).await;
            inspector.asked::<Donor>(&text, me, Order::MaySort).await;
            let trash = format!("{text}&deleted=only");
            inspector.asked::<Donor>(&trash, Scope::All, Order::MaySort).await;
        }
    }
    let number = national_id(5);
    let by = [
        ("email", Key::Text(email("donor5@example.org").key())),
        ("phone", Key::Text(phone("0532 000 00 05").as_str().to_owned())),
        ("identity", Key::Secret(number.kind().as_str().to_owned(), number.expose().to_owned())),
    ];
    for (name, key) in &by {
        let field = Donor::KIND.field(name).unwrap();
        for scope in [Scope::All, me] {
            let reading = world.donors().lookup(field, key, scope, 20);
            inspector.look("donors: lookup", Order::FromIndex, reading).await;
        }
    }
    let reading = world.donors().find(known.donor.id, me);
    inspector.look("donors: find", Order::FromIndex, reading).await;
}

pub async fn campaigns(inspector: &mut Inspector<'_>) {
    for sort in ["created_at", "-created_at", "name", "-name"] {
        let running = format!("running_on=2022-05-05&sort={sort}");
        inspector.asked::<Campaign>(&format!("sort={sort}"), Scope::All, Order::FromIndex).await;
        inspector.asked::<Campaign>(&running, Scope::All, Order::MaySort).await;
    }
    inspector.asked::<Campaign>("deleted=only", Scope::All, Order::FromIndex).await;
    for text in ["running_on=2022-05-05", "q=kampanya+1", "q=nobody&running_on=2022-05-05"] {
        inspector.asked::<Campaign>(text, Scope::All, Order::MaySort).await;
    }
}

/// Every filter of donations alone.
fn donation_filters(known: &Known) -> Vec<(String, Scope, Order)> {
    let equal = [
        "state=pending".to_owned(),
        "method=sms".to_owned(),
        "currency=EUR".to_owned(),
        format!("campaign_id={}", known.campaign.id),
        format!("donor_id={}", known.donor.id),
        format!("created_by={}", known.me),
        "reference=FT1".to_owned(),
        "deleted=only".to_owned(),
        String::new(),
    ];
    let ranges = [
        "donated_from=2025-12-30",
        "donated_from=2020-01-02",
        "donated_to=2020-01-02",
        "donated_from=2023-01-01&donated_to=2023-01-31",
        "currency=TRY&amount_min=99990.00",
        "currency=TRY&amount_min=0.02",
        "currency=TRY&amount_max=10.00",
        "currency=TRY&amount_min=50.00&amount_max=55.00",
    ];
    let searches = ["q=ayse", "q=amac+77", "q=ali+123", "q=a", "q=nobody"];
    let with =
        |texts: Vec<String>, order| texts.into_iter().map(move |text| (text, Scope::All, order));
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let absent = ["campaign_id=none", "donor_id=none", "reference=none", "amount=none"];
    let several = [
        "state=pending,completed".to_owned(),
        "method=sms,cash,check".to_owned(),
        "currency=EUR,USD".to_owned(),
        format!("campaign_id={},{}", known.campaign.id, known.donor.id),
        format!("donor_id={},{}", known.donor.id, known.campaign.id),
        format!("created_by={},{}", known.me, known.user),
        "campaign_id=any".to_owned(),
        "donor_id=any".to_owned(),
        "reference=any".to_owned(),
        "amount=any".to_owned(),
    ];
    with(equal.to_vec(), Order::FromIndex)
        .chain(with(owned(&absent), Order::MaySort))
        .chain(with(several.to_vec(), Order::MaySort))
        .chain(with(owned(&ranges), Order::MaySort))
        .chain(with(owned(&searches), Order::MaySort))
        .chain([
            (String::new(), Scope::Own(known.me), Order::FromIndex),
            (String::new(), Scope::Assigned(known.me), Order::FromIndex),
        ])
        .collect()
}

/// What a filter may cost with a sort.
fn with_sort(query: &Query, scope: Scope) -> Order {
    let has = |name: &str| {
        query.tests.iter().any(|test| matches!(test, Test::Is(field, _) if field.name == name))
    };
    let is_newest_first = query.order.field.is_none();
    let has_range = query.tests.iter().any(|test| matches!(test, Test::From(..) | Test::UpTo(..)));
    let is_common = has("state")
        || has("method")
        || query.tests.iter().any(|test| matches!(test, Test::In(..)));
    let is_of_few = has("donor_id") || has("reference") || query.trash == Trash::Only;
    let is_absent = query.tests.iter().any(|test| matches!(test, Test::Absent(_)));
    let is_owned = query.tests.iter().any(|test| matches!(test, Test::CreatedBy(_)))
        || scope.creator().is_some();
    let is_several = query.tests.iter().any(|test| match test {
        Test::AnyOf(..) | Test::Present(_) => true,
        Test::In(_, currencies) => currencies.len() > 1,
        Test::CreatedBy(users) => users.len() > 1,
        _ => false,
    });
    if query.q.is_some() || is_absent || is_several {
        Order::MaySort
    } else if is_newest_first {
        if has_range { Order::KeysMaySort } else { Order::FromIndex }
    } else if is_of_few {
        Order::MaySort
    } else if has_range && is_common {
        Order::KeysMaySort
    } else if is_common {
        Order::KeysFromIndex
    } else if has_range || is_owned || has("campaign_id") {
        Order::KeysMaySort
    } else {
        Order::FromIndex
    }
}

pub async fn donations(inspector: &mut Inspector<'_>, known: &Known) {
    let filters = donation_filters(known);
    for (text, scope, order) in &filters {
        inspector.asked::<Donation>(text, *scope, *order).await;
    }
    // Each filter with each sort.
    for sort in ["created_at", "donated_on", "amount"] {
        for sort in [sort.to_owned(), format!("-{sort}")] {
            for (text, scope, _) in &filters {
                let text = format!("{text}&sort={sort}");
                let order = with_sort(&query::<Donation>(&text), *scope);
                inspector.asked::<Donation>(&text, *scope, order).await;
            }
        }
    }
    // What a frontend asks for.
    let combined = "state=completed&donated_from=2024-01-01&donated_to=2024-03-31&sort=-donated_on";
    let more = [
        String::new(),
        "&method=cash".to_owned(),
        format!("&campaign_id={}", known.campaign.id),
        format!("&donor_id={}", known.donor.id),
        "&q=ayse".to_owned(),
        "&currency=TRY&amount_min=10000.00".to_owned(),
    ];
    for more in more {
        for scope in [Scope::All, Scope::Own(known.me)] {
            inspector.asked::<Donation>(&format!("{combined}{more}"), scope, Order::MaySort).await;
        }
    }
    let world = inspector.world;
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
                let reading = async { world.sums().summary(&query, scope).await.unwrap() };
                inspector.look(&what, Order::MaySort, reading).await;
            }
        }
    }
}
