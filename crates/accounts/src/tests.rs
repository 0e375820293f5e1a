//! The rules of this crate as sentences.

mod administration;
mod authentication;
mod errors;
mod live;
mod locks;
mod login;
mod password;
mod profile;
mod recovery;
mod role;
mod roles;
mod sessions;
mod several_roles;
mod values;
mod world;

/// Permissions of kinds of record, which this crate does not know.
mod may {
    use almoner_kernel::Permission;

    pub(super) const DONATIONS_READ: Permission = Permission::new("donations:read");
    pub(super) const DONORS_PURGE: Permission = Permission::new("donors:purge");
    pub(super) const DONORS_READ: Permission = Permission::new("donors:read");
}
