//! The list of all kinds of record: a new one is a line here. Whatever serves, stores, follows, tells or
//! tests kinds of record goes by this list.

use almoner_donations::{Campaign, Donation, Donor};
use almoner_records::{Record, Registry, Rules};

/// Whoever wants to do something with the type of each kind.
pub trait Visitor {
    /// Is called for each kind.
    fn kind<R: Rules>(&mut self);
}

macro_rules! kinds {
    ($($kind:ty),* $(,)?) => {
        /// Every kind of record and every permission.
        pub static REGISTRY: Registry = Registry {
            kinds: &[$(<$kind as Record>::KIND,)*],
            permissions: &[almoner_donations::PERMISSIONS],
        };

        /// Calls the visitor for each kind, in the order of the registry.
        pub fn each(visitor: &mut impl Visitor) {
            $(visitor.kind::<$kind>();)*
        }
    };
}

kinds! {
    Donor,
    Campaign,
    Donation,
}
