//! What the mocks answer from a world, and what they write down.

use std::sync::Arc;

use almoner_kernel::{Page, Scope, StoreError, UserId};

use super::{
    Did, Log, World,
    mocks::{MockStore, MockTx},
};
use crate::{
    login::{AddressKey, Counted},
    ports::{Account, Meeting},
};

fn find(accounts: &[Account], id: UserId, scope: Scope) -> Option<Account> {
    accounts
        .iter()
        .find(|account| account.user.id == id && scope.creator().is_none_or(|only| only == id))
        .cloned()
}

pub(super) fn store(world: &World, did: &Log) -> MockStore {
    let mut store = MockStore::new();
    let (w, log) = (world.clone(), Arc::clone(did));
    store.expect_begin().returning(move || {
        log.lock().push(Did::Began);
        Ok(Box::new(tx(&w, &log)))
    });
    let w = world.clone();
    store
        .expect_user()
        .returning(move |id, scope| Ok(find(&w.accounts, id, scope).map(|account| account.user)));
    let w = world.clone();
    store.expect_users().returning(move |_, scope, _| {
        let items = w.accounts.iter().map(|account| account.user.clone());
        let items = items.filter(|user| scope.creator().is_none_or(|only| only == user.id));
        Ok(Page { items: items.collect(), next: None, total: None })
    });
    let w = world.clone();
    store.expect_has_users().returning(move || Ok(!w.accounts.is_empty()));
    let w = world.clone();
    store.expect_account_by_email().returning(move |key| {
        Ok(w.accounts.iter().find(|account| account.user.email.key() == key).cloned())
    });
    let w = world.clone();
    store.expect_account().returning(move |id| Ok(find(&w.accounts, id, Scope::All)));
    let w = world.clone();
    store.expect_login_window().returning(move |key, _, _| Ok(w.window_of(key, false)));
    let w = world.clone();
    store.expect_device().returning(move |user, _| Ok(w.device_of(user)));
    let w = world.clone();
    store.expect_counted().returning(move |users, _, _| {
        let counted = |(user, _): &(UserId, AddressKey)| {
            let device_locked_until = w.device.and_then(|failures| failures.locked_until);
            (*user, Counted { device_locked_until, strangers: w.account_window })
        };
        Ok(users.iter().map(counted).collect())
    });
    let w = world.clone();
    store.expect_roles().returning(move || Ok(w.roles.clone()));
    let w = world.clone();
    store.expect_role().returning(move |name| Ok(w.role(name)));
    let w = world.clone();
    store.expect_sessions().returning(move |_| Ok(w.sessions.clone()));
    let w = world.clone();
    store.expect_link().returning(move |id| Ok(w.links.iter().find(|link| link.id == id).cloned()));
    let w = world.clone();
    store
        .expect_reset_request()
        .returning(move |id| Ok(w.requests.iter().find(|request| request.id == id).cloned()));
    store
}

macro_rules! logged {
    ($log:ident, $did:expr) => {{
        $log.lock().push($did);
        Ok(())
    }};
}

fn tx(world: &World, log: &Log) -> MockTx {
    let mut tx = MockTx::new();
    let inside = world.accounts_in_tx.clone().unwrap_or_else(|| world.accounts.clone());
    let accounts = inside.clone();
    tx.expect_user()
        .returning(move |id, scope| Ok(find(&accounts, id, scope).map(|account| account.user)));
    let accounts = inside.clone();
    tx.expect_account().returning(move |id| Ok(find(&accounts, id, Scope::All)));
    tx.expect_has_users().returning(move || Ok(!inside.is_empty()));
    let full = world.full;
    tx.expect_count().returning(move |what| match full == Some(what) {
        true => Ok(what.limit()),
        false => Ok(what.limit() - 1),
    });
    let w = world.clone();
    let l = Arc::clone(log);
    tx.expect_lock_active_superadmins().returning(move || {
        l.lock().push(Did::LockedSuperadmins);
        Ok(w.superadmins)
    });
    let w = world.clone();
    tx.expect_lock_login_window().returning(move |key, _, _| Ok(w.window_of(key, true)));
    let w = world.clone();
    tx.expect_device().returning(move |user, _| Ok(w.device_of(user)));
    let l = Arc::clone(log);
    tx.expect_unlock().returning(move |user, _| logged!(l, Did::Unlocked(user)));
    let l = Arc::clone(log);
    tx.expect_forget_devices().returning(move |_| logged!(l, Did::ForgotDevices));
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_rekey_session().returning(move |id, user, _| {
        let mut own = w.sessions.iter();
        let session = own.find(|own| own.id == id && own.user_id == user).cloned();
        l.lock().extend(session.as_ref().map(|_| Did::Rekeyed(id)));
        Ok(session)
    });
    let w = world.clone();
    tx.expect_role().returning(move |name| Ok(w.role(name)));
    let w = world.clone();
    tx.expect_sessions().returning(move |_| Ok(w.sessions.clone()));
    let w = world.clone();
    tx.expect_count_users_with_role().returning(move |_| Ok(w.users_with_role));
    tx.expect_changed_since().returning(|_, _, _| Ok(vec!["name".to_owned()]));
    // What others have, that a caller does not see, is for the tests of the house.
    tx.expect_email_is_hidden().returning(|_, _| Ok(false));
    tx.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));

    let taken = world.taken;
    let l = Arc::clone(log);
    tx.expect_insert_user().returning(move |user, hash| match taken {
        Some(what) => Err(StoreError::Taken(what)),
        None => logged!(l, Did::InsertedUser(Box::new(user.clone()), hash.clone())),
    });
    let l = Arc::clone(log);
    tx.expect_update_user().returning(move |user| match taken {
        Some(what) => Err(StoreError::Taken(what)),
        None => logged!(l, Did::UpdatedUser(Box::new(user.clone()))),
    });
    let l = Arc::clone(log);
    tx.expect_insert_role().returning(move |role| match taken {
        Some(what) => Err(StoreError::Taken(what)),
        None => logged!(l, Did::InsertedRole(Box::new(role.clone()))),
    });
    let l = Arc::clone(log);
    tx.expect_update_role()
        .returning(move |role| logged!(l, Did::UpdatedRole(Box::new(role.clone()))));
    let l = Arc::clone(log);
    tx.expect_delete_role().returning(move |role| logged!(l, Did::DeletedRole(role.name.clone())));
    let l = Arc::clone(log);
    tx.expect_set_password().returning(move |_, hash| logged!(l, Did::SetPassword(hash.clone())));
    let l = Arc::clone(log);
    tx.expect_set_failures()
        .returning(move |_, _, failures| logged!(l, Did::SetFailures(failures)));
    let l = Arc::clone(log);
    tx.expect_set_last_login().returning(move |_, at| logged!(l, Did::SetLastLogin(at)));
    let l = Arc::clone(log);
    tx.expect_insert_login_attempt()
        .returning(move |key, _, attempt| logged!(l, Did::Attempted(key.clone(), attempt)));
    let l = Arc::clone(log);
    tx.expect_insert_session()
        .returning(move |session, _| logged!(l, Did::InsertedSession(session.clone())));
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_end_session().returning(move |id, user| {
        let known = w.sessions.iter().any(|own| own.id == id && own.user_id == user);
        if known {
            l.lock().push(Did::EndedSession(id));
        }
        Ok(known)
    });
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_end_sessions().returning(move |user, except| {
        l.lock().push(Did::EndedSessions { except });
        let ended = w.sessions.iter().filter(|own| own.user_id == user && Some(own.id) != except);
        Ok(ended.count() as u64)
    });
    let l = Arc::clone(log);
    tx.expect_end_sessions_of_role().returning(move |name| {
        l.lock().push(Did::EndedSessionsOfRole(name.clone()));
        Ok(1)
    });
    let meeting = world.meeting.unwrap_or(Meeting::Known);
    let l = Arc::clone(log);
    tx.expect_meet_device().returning(move |_, _, _| {
        l.lock().push(Did::MetDevice);
        Ok(meeting)
    });
    let l = Arc::clone(log);
    tx.expect_insert_link().returning(move |link| logged!(l, Did::InsertedLink(link.clone())));
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_end_link().returning(move |id| {
        let is_there = !w.links_are_spent && w.links.iter().any(|link| link.id == id);
        if is_there {
            l.lock().push(Did::EndedLink(id));
        }
        Ok(is_there)
    });
    let l = Arc::clone(log);
    tx.expect_end_links().returning(move |user| logged!(l, Did::EndedLinks(user)));
    let l = Arc::clone(log);
    tx.expect_insert_reset_request()
        .returning(move |request| logged!(l, Did::InsertedRequest(request.clone())));
    let l = Arc::clone(log);
    tx.expect_end_reset_request().returning(move |_| {
        l.lock().push(Did::EndedRequest);
        Ok(true)
    });
    let l = Arc::clone(log);
    tx.expect_insert_mail().returning(move |mail| logged!(l, Did::Posted(mail.clone())));
    let l = Arc::clone(log);
    tx.expect_commit().returning(move |trail| {
        assert!(!trail.is_empty(), "a commit says what happened");
        let events = trail.security_events.iter().map(|event| event.kind).collect();
        let actions = trail.changes.iter().map(|change| change.action).collect();
        for job in &trail.jobs {
            l.lock().push(Did::Enqueued(job.kind, job.payload.clone()));
        }
        logged!(l, Did::Committed { events, actions })
    });
    tx
}
