//! The tables, as sea-orm sees them. What the columns mean is said by the domain types and the
//! migrations.

pub mod answers;
pub mod campaigns;
pub mod changes;
pub mod donations;
pub mod donors;
pub mod login_attempts;
pub mod roles;
pub mod security_events;
pub mod sessions;
pub mod trail_head;
pub mod users;
