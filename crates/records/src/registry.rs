//! What the program consists of: every kind of record, and every permission.

use almoner_kernel::{Action, Permission};

use crate::{
    kind::{Field, Kind, Rows},
    people::USERS,
    reference::TargetName,
};

/// Every kind of record and every permission of the program. There is one, in the crate that knows all
/// domains; storage, HTTP and the command line are given it.
#[derive(Debug)]
pub struct Registry {
    /// The kinds, in the order they are shown.
    pub kinds: &'static [&'static Kind],
    /// Permissions beside those of the kinds, in groups.
    pub permissions: &'static [&'static [Permission]],
}

impl Registry {
    /// Nothing: for tests of what needs no kind.
    pub const EMPTY: Self = Self { kinds: &[], permissions: &[] };

    /// The kind with that plural noun.
    pub fn kind(&self, many: TargetName) -> Option<&'static Kind> {
        self.kinds.iter().copied().find(|kind| kind.many == many)
    }

    /// What records can name by that plural noun: the kind, or the users of the program.
    pub fn target(&self, many: TargetName) -> Option<&'static Kind> {
        self.kind(many).or_else(|| (many == USERS.many).then_some(USERS))
    }

    /// The fields of all kinds that name records of one.
    pub fn names_of(
        &self,
        many: TargetName,
    ) -> impl Iterator<Item = (&'static Kind, &'static Field)> + use<> {
        let kinds = self.kinds.iter().copied();
        kinds.flat_map(move |kind| {
            let fields = kind.references().filter(move |field| field.target == Some(many));
            fields.map(move |field| (kind, field))
        })
    }

    /// The kinds whose records are parts of those of one, and the field that names them.
    pub fn children_of(
        &self,
        many: TargetName,
    ) -> impl Iterator<Item = (&'static Kind, &'static Field)> + use<> {
        self.names_of(many).filter(|(kind, field)| kind.parent == Some(field.name))
    }

    /// What it takes to read what has rows that not everybody meets, each module once: a role can reach
    /// further there than elsewhere, or less far.
    pub fn reached(&self) -> Vec<Permission> {
        let mut all = vec![Permission::USERS_READ];
        for kind in self.kinds.iter().filter(|kind| kind.rows != Rows::All) {
            let read = kind.permissions.read;
            if !all.iter().any(|known| known.module() == read.module()) {
                all.push(read);
            }
        }
        all
    }

    /// Every permission once, in the order they are shown.
    pub fn all_permissions(&self) -> Vec<Permission> {
        let of_kinds = self.kinds.iter().flat_map(|kind| {
            let steps = kind.steps.iter().map(|step| step.permission);
            let rights = kind.fields.iter().filter_map(|field| field.right);
            kind.permissions.all().into_iter().chain(steps).chain(rights)
        });
        let others = self.permissions.iter().flat_map(|group| group.iter().copied());
        let house = Permission::OF_THE_HOUSE.iter().copied();
        let mut all: Vec<Permission> = Vec::new();
        for permission in house.chain(of_kinds).chain(others) {
            if !all.contains(&permission) {
                all.push(permission);
            }
        }
        all
    }

    /// What can be done to records, as the trail names it: also the steps of the kinds.
    pub fn all_actions(&self) -> Vec<&'static str> {
        let of_steps = self.kinds.iter().flat_map(|kind| kind.steps).map(|step| step.action);
        let mut all: Vec<&'static str> = Vec::new();
        for action in Action::ALL.iter().copied().chain(of_steps).map(Action::as_str) {
            if !all.contains(&action) {
                all.push(action);
            }
        }
        all
    }

    /// The permission with that name.
    pub fn permission(&self, name: &str) -> Option<Permission> {
        self.all_permissions().into_iter().find(|permission| permission.as_str() == name)
    }
}
