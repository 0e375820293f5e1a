//! Lists of users, alone and by role; a user by the e-mail address, and sessions by their keys.

use almoner_accounts::{
    role::RoleName,
    user::{UserQuery, UserSort},
};
use almoner_kernel::{Scope, Sort};

use super::{DIRECTIONS, Inspector};
use crate::plans::verdict::Order;

pub async fn users(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    let any = UserQuery::default;
    let role = RoleName::parse("admin").unwrap();
    let mut queries = vec![
        (any(), Order::FromIndex),
        (UserQuery { active: Some(true), ..any() }, Order::FromIndex),
        (UserQuery { active: Some(false), ..any() }, Order::FromIndex),
        (UserQuery { role: Some(role.clone()), ..any() }, Order::FromIndex),
        (UserQuery { role: Some(role), active: Some(false), ..any() }, Order::MaySort),
    ];
    for field in UserSort::ALL {
        for direction in DIRECTIONS {
            let sort = Sort { field, direction };
            queries.push((UserQuery { sort, ..any() }, Order::FromIndex));
            queries.push((UserQuery { sort, active: Some(false), ..any() }, Order::MaySort));
            for q in ["ayse", "user77", "nobody", "a"] {
                let query = UserQuery { q: Some(q.to_owned()), sort, ..any() };
                queries.push((query, Order::MaySort));
            }
        }
    }
    for (query, order) in queries {
        for scope in [Scope::All, Scope::Own(world.id())] {
            inspector
                .list(format!("users: {query:?} {scope:?}"), order, async |page| {
                    world.accounts().users(&query, scope, &page).await
                })
                .await;
        }
    }
    let reading = async { world.accounts().account_by_email("user5@example.org").await.unwrap() };
    inspector.look("users: by e-mail", Order::FromIndex, reading).await;
    for number in [1, 200] {
        let key = |byte| almoner_accounts::session::SessionKeyHash([byte; 32]);
        let keys: Vec<_> = (0..number).map(key).collect();
        let reading = async { world.accounts().sessions_by_key(&keys).await.unwrap() };
        let what = format!("sessions: by {number} of their keys");
        inspector.look(&what, Order::FromIndex, reading).await;
    }
}
