//! The schema goes up and down with data in it, and several programs may bring it up at once.

use almoner_accounts::{
    role::{Access, CustomRole, RoleNames},
    user::User,
};
use almoner_kernel::{Scope, ScopeKind};
use almoner_persistence::Store;

use super::assert_no_gap;
use crate::support::{
    Backend, World, changed, created, email, lira, name, named, phone, run_empty, with,
};

/// One list, on each database without a schema.
macro_rules! bare {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::run_empty(super::Backend::Sqlite, super::$case); })+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() { super::run_empty(super::Backend::Postgres, super::$case); }
            )+
        }
    };
}

bare![
    down_to_nothing_leaves_nothing_behind,
    the_schema_is_the_same_after_down_and_up,
    data_survives_the_steps_that_do_not_concern_it,
    what_is_found_and_unique_is_made_anew_from_what_was_typed,
    names_that_only_look_different_stop_no_step,
    who_has_which_role_is_made_from_the_users,
    one_step_at_a_time_comes_to_the_same_end,
    going_up_twice_changes_nothing,
    a_step_of_a_newer_program_is_not_touched,
    two_stores_that_migrate_at_once_both_find_the_schema,
];

/// Everything in the schema but the table of applied steps.
async fn schema(world: &World) -> Vec<String> {
    match world.backend {
        Backend::Sqlite => {
            let rest = "FROM sqlite_master WHERE name NOT LIKE '%seaql_migrations%' ORDER BY 1";
            world.texts("type || ' ' || name || ' ' || coalesce(sql, '')", rest).await
        }
        Backend::Postgres => {
            let mut all = Vec::new();
            for (what, rest) in [
                (
                    "table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
                     || ' ' || coalesce(collation_name, '')",
                    "FROM information_schema.columns WHERE table_schema = 'public'",
                ),
                ("indexdef", "FROM pg_indexes WHERE schemaname = 'public'"),
                ("pg_get_triggerdef(oid)", "FROM pg_trigger WHERE NOT tgisinternal"),
                ("proname", "FROM pg_proc WHERE pronamespace = 'public'::regnamespace"),
                (
                    "conname || ' ' || pg_get_constraintdef(oid)",
                    "FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
                ),
            ] {
                all.extend(world.texts(what, rest).await);
            }
            all.retain(|line| !line.contains("seaql_migrations"));
            all.sort();
            all
        }
    }
}

async fn with_data(world: &World) {
    let donor = world.donor("Ayşe");
    world.save_donor(&donor).await;
    let campaign = world.campaign("Su");
    world.save_campaign(&campaign).await.unwrap();
    let donation = with(world.donation(lira(1)), |it| {
        it.own.donor_id = named(&donor);
        it.own.campaign_id = crate::support::for_campaign(&campaign);
    });
    world.save_donation(&donation).await;
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    world.save_session(&world.session(user.id)).await;
}

async fn steps(world: &World) -> u32 {
    u32::try_from(world.store.migrations().await.unwrap().len()).unwrap()
}

async fn down_to_nothing_leaves_nothing_behind(world: &World) {
    assert_eq!(schema(world).await, [""; 0]);
    world.store.migrate_up(None).await.unwrap();
    with_data(world).await;
    world.store.migrate_down(steps(world).await).await.unwrap();
    assert_eq!(schema(world).await, [""; 0]);
    let steps = world.store.migrations().await.unwrap();
    assert!(steps.iter().all(|step| !step.is_applied), "{steps:?}");
}

async fn the_schema_is_the_same_after_down_and_up(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    let before = schema(world).await;
    assert!(before.len() > 50, "{before:#?}");
    with_data(world).await;
    world.store.migrate_down(steps(world).await).await.unwrap();
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(schema(world).await, before);
    with_data(world).await;
    assert_no_gap(world).await;
}

async fn data_survives_the_steps_that_do_not_concern_it(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    with_data(world).await;
    // The steps from the trail on: the records stay, a new trail begins, and the totals are counted
    // from the records.
    world.store.migrate_down(steps(world).await - 2).await.unwrap();
    world.store.migrate_up(None).await.unwrap();
    for table in ["donors", "campaigns", "donations", "users", "sessions"] {
        assert_eq!(world.rows(table).await, 1, "{table}");
    }
    assert_eq!(world.rows("changes").await, 0);
    assert_eq!(world.store.wrong_totals().await.unwrap(), 0);
    let query = almoner_records::Query { q: Some("ayşe".to_owned()), ..Default::default() };
    let page = almoner_kernel::PageRequest::default();
    let found = world.donors().list(&query, Scope::All, &page).await.unwrap().items.remove(0);
    let renamed = with(found, |it| {
        it.own.name = name("Fatma");
    });
    world.change_donor(&renamed).await.unwrap();
    assert_no_gap(world).await;
}

/// Every column that follows from others.
async fn followed(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for (table, columns) in [
        ("users", "name_sort || '|' || email_key || '|' || search"),
        (
            "donors",
            "name_sort || '|' || name_folded || '|' || coalesce(email_key, '') || '|' || search",
        ),
        ("campaigns", "name_sort || '|' || name_folded || '|' || name_key || '|' || search"),
        ("donations", "search || '|' || donor_search"),
    ] {
        all.extend(world.texts(columns, &format!("FROM {table} ORDER BY id")).await);
    }
    all
}

async fn what_is_found_and_unique_is_made_anew_from_what_was_typed(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    // More than are read at once.
    for n in 0..501 {
        world.save_donor(&world.donor(&format!("Donor-{n}"))).await;
    }
    let donor = with(world.donor("Jean-Luc O’Brien"), |it| {
        it.own.phone = Some(phone("0532 111 22 33"));
        it.own.email = Some(email("a@örnek.org"));
    });
    world.save_donor(&donor).await;
    for name in ["Aşı", "Fon %10"] {
        world.save_campaign(&world.campaign(name)).await.unwrap();
    }
    let donation = with(world.donation(lira(1)), |it| {
        it.own.donor_id = named(&donor);
        it.own.notes = Some(almoner_records::Text::from_stored("e-posta"));
    });
    world.save_donation(&donation).await;
    world.save_user(&world.user("a@örnek.org")).await.unwrap();
    let before = followed(world).await;
    before_the_step(world, "_values").await;
    world.sql("UPDATE donors SET name_folded = 'x', search = 'x'").await;
    world.sql("UPDATE donors SET email_key = 'x' WHERE email IS NOT NULL").await;
    world.sql("UPDATE campaigns SET search = 'x'").await;
    world.sql("UPDATE donations SET search = 'x', donor_search = 'x'").await;
    world.sql("UPDATE users SET search = 'x', email_key = 'a@örnek.org'").await;
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(followed(world).await, before);
    for q in ["obrien jeanluc", "0532 111 22", "jean luc ob"] {
        let query = almoner_records::Query { q: Some(q.to_owned()), ..Default::default() };
        let page = almoner_kernel::PageRequest::default();
        let found = world.donors().list(&query, Scope::All, &page).await.unwrap().items;
        assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [donor.id], "{q}");
    }
    let twin = world.save_campaign(&world.campaign("AŞI")).await;
    assert!(matches!(twin, Err(almoner_kernel::StoreError::Taken("name"))), "{twin:?}");
    world.save_campaign(&world.campaign("Asi")).await.unwrap();
}

/// Takes the schema back to before the step whose name ends so.
async fn before_the_step(world: &World, ending: &str) {
    let steps = world.store.migrations().await.unwrap();
    let since = steps.iter().position(|step| step.name.ends_with(ending)).unwrap();
    world.store.migrate_down(u32::try_from(steps.len() - since).unwrap()).await.unwrap();
}

async fn names_that_only_look_different_stop_no_step(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    for name in ["Kermes", "Kermes of others", "Su"] {
        world.save_campaign(&world.campaign(name)).await.unwrap();
    }
    before_the_step(world, "_values").await;
    // Pasted from a page that had a soft hyphen in it, which was as good as another letter then.
    world.sql("UPDATE campaigns SET name = 'Ker\u{ad}mes' WHERE name = 'Kermes of others'").await;
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(world.rows("campaigns").await, 3);
    for taken in ["KERMES", "su"] {
        let twin = world.save_campaign(&world.campaign(taken)).await;
        assert!(matches!(twin, Err(almoner_kernel::StoreError::Taken("name"))), "{twin:?}");
    }
}

async fn who_has_which_role_is_made_from_the_users(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    let role = world.role("gift_desk");
    world.save_role(&role).await.unwrap();
    let one = RoleNames::from_stored("gift_desk");
    let user = User { roles: one.clone(), ..world.user("a@b.co") };
    world.save_user(&user).await.unwrap();
    before_the_step(world, "_several_roles").await;
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(world.texts("role", "FROM user_roles").await, ["gift_desk"]);
    assert_eq!(world.accounts().role(&role.name).await.unwrap(), Some(role.clone()));
    // What was sealed before the step is still what there is.
    assert_eq!(world.compare().await.differences, []);
    assert_no_gap(world).await;
    let both = RoleNames::from_stored("viewer,gift_desk");
    let user = User { roles: both, version: user.version.next(), ..user };
    let mut tx = world.accounts().begin().await.unwrap();
    tx.update_user(&user).await.unwrap();
    tx.commit(changed(&user)).await.unwrap();
    // With several there is no way back that would not take or give rights.
    world.store.migrate_down(1).await.unwrap_err();
    assert_eq!(world.rows("user_roles").await, 2);
    let user = User { roles: one, version: user.version.next(), ..user };
    let mut tx = world.accounts().begin().await.unwrap();
    tx.update_user(&user).await.unwrap();
    tx.commit(changed(&user)).await.unwrap();
    let reaches = [("donors".to_owned(), ScopeKind::All)].into_iter().collect();
    let access = Access { reaches, ..role.access.clone() };
    let role = CustomRole { access, version: role.version.next(), ..role };
    let mut tx = world.accounts().begin().await.unwrap();
    tx.update_role(&role).await.unwrap();
    tx.commit(changed(&role)).await.unwrap();
    world.store.migrate_down(1).await.unwrap_err();
    assert_eq!(world.compare().await.differences, []);
}

async fn one_step_at_a_time_comes_to_the_same_end(world: &World) {
    let names: Vec<String> =
        world.store.migrations().await.unwrap().into_iter().map(|step| step.name).collect();
    for done in 0..names.len() {
        let applied = world.store.migrations().await.unwrap();
        let applied = applied.iter().filter(|step| step.is_applied).count();
        assert_eq!(applied, done);
        world.store.migrate_up(Some(1)).await.unwrap();
    }
    let slowly = schema(world).await;
    for _ in &names {
        world.store.migrate_down(1).await.unwrap();
    }
    assert_eq!(schema(world).await, [""; 0]);
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(schema(world).await, slowly);
}

async fn going_up_twice_changes_nothing(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    with_data(world).await;
    let before = schema(world).await;
    world.store.migrate_up(None).await.unwrap();
    world.store.migrate_up(Some(1)).await.unwrap();
    assert_eq!(schema(world).await, before);
    assert_eq!(world.rows("donors").await, 1);
    assert!(world.store.migrations().await.unwrap().iter().all(|step| step.is_applied));
}

async fn a_step_of_a_newer_program_is_not_touched(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    world.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99991231_x', 1)").await;
    for refused in [
        world.store.migrations().await.map(|_| ()),
        world.store.migrate_up(None).await,
        world.store.migrate_down(1).await,
    ] {
        let refusal = refused.expect_err("a newer database was touched").to_string();
        assert!(refusal.contains("m99991231_x"), "{refusal}");
    }
    world.save_donor(&world.donor("Still here")).await;
}

async fn two_stores_that_migrate_at_once_both_find_the_schema(world: &World) {
    let options = [world.options(false, 2), world.options(false, 3), world.options(false, 4)];
    let outcomes = super::all_at_once(options.into_iter().map(|options| async move {
        let store = Store::open(options).await?;
        store.migrate_up(None).await?;
        store.migrations().await?;
        store.migrate_up(None).await?;
        Ok::<_, almoner_persistence::OpenError>(store)
    }))
    .await;
    for outcome in outcomes {
        let store = outcome.unwrap();
        let donors: &dyn almoner_records::Repository<almoner_donations::Donor> = &store;
        let donor = world.donor("Everywhere");
        let mut tx = donors.begin().await.unwrap();
        tx.insert(&donor).await.unwrap();
        tx.commit(created(&donor)).await.unwrap();
        store.close().await.unwrap();
    }
    assert_eq!(world.rows("donors").await, 3);
    assert_no_gap(world).await;
}
